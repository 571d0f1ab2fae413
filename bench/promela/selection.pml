/*
 * Who is selected among N VNIC servers, and what the client and the servers are told: a model written by hand.
 *
 * It was written from the requirements, whose IDs stand beside what they ask for, and not from the specification in Python. It
 * describes the same part of the world as the instance `selection` of the kit: all servers are on the list and their CRQs
 * registered; they report, fall silent and read their events; the client opens and closes its CRQ and reads its events; an
 * administrator writes auto_priority_failover. Each queue holds one element, and all defaults of the profile hold.
 *
 *   spin -DN=3 -o2 -a selection.pml
 *   gcc -w -O3 -DSAFETY -DNOREDUCE -DMEMLIM=8000 -o pan pan.c
 *   ./pan -n -m1000000 -w20
 *
 * "states, stored" is to be what `vnickit explore --instance selection --servers 3` says, and "transitions" one more: Spin counts
 * the initial state as stored by a transition. The kit's script bench/independent.py compares them.
 */

#ifndef N
#define N 2
#endif

#define NOBODY N
#define PRIORITY(i) ((i) < 2 -> (i) : 2) /* SEL-4: a lower number wins; from the third on all are equal */

mtype = { POWERED_OFF, OPERATIONAL, UNRESPONSIVE }

mtype status[N] = POWERED_OFF;  /* MON-6: until its first report */
bit told[N];                    /* event 02 lies unread in the queue of this server */
byte selected = NOBODY;         /* SEL-1 */
bit opened_once;                /* SEL-2, SEL-7: from the first opening on there is a selection, be it empty */
bit open;                       /* the client's CRQ is registered */
bit event;                      /* event 08 lies unread in the client's queue */
bit auto_on = 1;                /* ADM-5 */

hidden byte best, candidate, stays; /* worked out within a step; no part of the state */

/* SEL-3: listed, powered and registered they all are. */
#define ELIGIBLE(i) (status[i] == OPERATIONAL)
/* CRQ-13: a selected server is connected when the client's half is there, unless it has an earlier event to read. */
#define CONNECTED(i) (open && selected == (i) && !told[i])

/* SEL-4, SEL-5: the best eligible server; of equals the one added first. */
inline find_best() {
  best = NOBODY;
  candidate = 0;
  do
  :: candidate < N ->
     if
     :: ELIGIBLE(candidate) && (best == NOBODY || PRIORITY(candidate) < PRIORITY(best)) -> best = candidate
     :: else
     fi;
     candidate++
  :: else -> break
  od
}

/*
 * What follows on every change: `was_connected` says whether the selected server was connected before it.
 * FOV-1: the selected server is left when it is not eligible any more, or, with auto on, for a strictly better one (FOV-7).
 */
inline select_again(was_connected) {
  if
  :: opened_once ->
     find_best();
     stays = (selected != NOBODY && ELIGIBLE(selected) && !(auto_on && PRIORITY(best) < PRIORITY(selected)));
     if
     :: !stays && selected != best ->
        if
        :: selected != NOBODY ->
           if
           :: was_connected -> told[selected] = 1  /* FOV-2: event 02 to the old server, which is fenced */
           :: else
           fi;
           event = open                            /* FOV-3: event 08; CRQ-7: over an unread one it merges; SEL-8 */
        :: else                                    /* SEL-6: filling an empty selection is no switch */
        fi;
        selected = best                            /* FOV-5, FOV-6 */
     :: else
     fi;
     assert(selected == NOBODY || ELIGIBLE(selected));                                       /* INV-3 */
     assert(!auto_on || selected == NOBODY || PRIORITY(selected) <= PRIORITY(best));         /* INV-4 */
     assert(selected != NOBODY || best == NOBODY)                                            /* INV-5 */
  :: else
  fi
}

active [N] proctype server()
{
end:
  do
  :: d_step {  /* MON-1, MON-4: it reports that it is well */
       status[_pid] = OPERATIONAL;
       select_again(CONNECTED(selected))
     }
  :: d_step {  /* MON-2: it has reported once and does so no more */
       status[_pid] == OPERATIONAL ->
       status[_pid] = UNRESPONSIVE;
       select_again(CONNECTED(selected))
     }
  :: d_step {  /* CRQ-13: it reads the event that ended a session */
       told[_pid] -> told[_pid] = 0
     }
  od
}

active proctype client()
{
end:
  do
  :: d_step {  /* CRQ-2, SEL-2; SEL-7: a selection that exists is kept */
       !open ->
       opened_once = 1;
       select_again(0);
       open = 1
     }
  :: d_step {  /* CRQ-4, also where nothing is registered: event 02 to the connected server, the queue is freed with what it holds */
       if
       :: open && selected != NOBODY -> told[selected] = 1
       :: else
       fi;
       open = 0;
       event = 0
     }
  :: d_step { event -> event = 0 }
  od
}

active proctype console()
{
end:
  do
  :: d_step { auto_on = 0; select_again(CONNECTED(selected)) }
  :: d_step { auto_on = 1; select_again(CONNECTED(selected)) }  /* ADM-5: writing "on" selects by priority, also on -> on */
  od
}
