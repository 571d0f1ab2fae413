/*
 * Breadth-first exploration. States lie in one array in the order in which they are found, which is also the queue. A table
 * of places in that array finds duplicates: open addressing, the whole state compared, so nothing is ever taken for something
 * else. The spare bits of a table entry hold part of the hash, so that most comparisons are spared.
 *
 * States are taken in batches, so that the memory that many successors will need can be asked for before it is needed. What
 * a batch finds is the same as one state after the other would find: where anything goes wrong in a batch, it is undone and
 * done again with care.
 *
 * Predecessors are not kept: states are found in the order of their predecessors, so it is enough to know with how many
 * states each batch began. The predecessor is in the batch during which the state was found.
 *
 * Lines on standard output: "at DEPTH STATES TRANSITIONS" now and then, and once per level; then "end HOW STATES DEPTH BYTES",
 * HOW being all, bound, memory, law or step; "count N ..."; "path" and the words of one state each, for law and step.
 */

#define BATCH 128

static state *found; /* every state, in the order of finding */
static u64 number;   /* of states */
static u64 room;     /* for so many */
static u32 *table;   /* of 2^bits entries: 0, or the place of a state plus 1 with bits of its hash above */
static unsigned bits;
static u64 most_bytes;
static u64 most_states;

typedef struct { u64 first, states; } batch; /* its first state, and how many states there were when it began */
static batch *batches;
static u64 batches_used, batches_room;

static state out[BATCH * WIDEST + 1];
static u64 hashes[BATCH * WIDEST + 1];

static void fail(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static void *pages(u64 bytes)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS;
#ifdef MAP_NORESERVE
    flags |= MAP_NORESERVE;
#endif
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (p == MAP_FAILED)
        fail("the operating system gives no more memory");
#ifdef MADV_HUGEPAGE
    madvise(p, bytes, MADV_HUGEPAGE);
#endif
    return p;
}

static inline u64 hash(const state *s)
{
    u64 h = 0x9e3779b97f4a7c15u;
    for (int k = 0; k < WORDS; k++) {
        h = (h ^ s->w[k]) * 0xff51afd7ed558ccdu;
        h ^= h >> 32;
    }
    h *= 0xc4ceb9fe1a85ec53u;
    return h ^ h >> 29;
}

static inline int same(const state *a, const state *b)
{
    u64 d = 0;
    for (int k = 0; k < WORDS; k++)
        d |= a->w[k] ^ b->w[k];
    return !d;
}

static inline u32 place_mask(void) { return (u32)(((u64)1 << bits) - 1); }
/* The hash bits that a table entry has room for, in place. Bit 31 downwards, so they are none of those that choose the entry. */
static inline u32 tag(u64 h) { return (u32)(h >> 32) & ~place_mask(); }

static u64 bytes_with(u64 states, unsigned b)
{
    return states * sizeof(state) + ((u64)4 << b) + batches_room * sizeof(batch);
}

static void enter(u64 index, u64 h)
{
    u32 mask = place_mask();
    u64 i = h & mask;
    while (table[i])
        i = (i + 1) & mask;
    table[i] = tag(h) | (u32)(index + 1);
}

/* A larger table. The old one goes first: everything it says is in the array. */
static void grow(void)
{
    munmap(table, (u64)4 << bits);
    bits++;
    table = pages((u64)4 << bits);
    for (u64 i = 0; i < number; i++) {
        if (i + 16 < number)
            PREFETCH(&table[hash(&found[i + 16]) & place_mask()]);
        enter(i, hash(&found[i]));
    }
}

/* Is there room for so many more states? The table grows as long as the bound permits, and is then filled further. */
static int roomy(u64 more)
{
    while ((number + more) * 4 > ((u64)3 << bits) && bits < 31 && bytes_with(number + more, bits + 1) <= most_bytes)
        grow();
    return number + more <= room && (number + more) * 10 <= ((u64)9 << bits) && bytes_with(number + more, bits) <= most_bytes;
}

/* Enter a state unless it is known; 1 if it is new. */
static inline int meet(const state *s, u64 h)
{
    u32 mask = place_mask(), t = tag(h);
    u64 i = h & mask;
    for (u32 e; (e = table[i]); i = (i + 1) & mask)
        if ((e & ~mask) == t && same(&found[(e & mask) - 1], s))
            return 0;
    table[i] = t | (u32)(number + 1);
    found[number++] = *s;
    return 1;
}

/* Forget the newest states, newest first; then the table is what it was. */
static void forget(u64 down_to)
{
    u32 mask = place_mask();
    while (number > down_to) {
        u64 h = hash(&found[--number]), i = h & mask;
        while ((table[i] & mask) != (u32)(number + 1))
            i = (i + 1) & mask;
        table[i] = 0;
    }
}

static u64 transitions(void)
{
    u64 sum = 0;
    for (int c = 0; c < COUNTERS; c++)
        sum += count[c];
    return sum;
}

static void report(u64 depth)
{
    static struct timespec last;
    static u64 told = (u64)-1;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    double since = (double)(now.tv_sec - last.tv_sec) + 1e-9 * (double)(now.tv_nsec - last.tv_nsec);
    if (told == depth && since < 0.2)
        return;
    last = now;
    told = depth;
    printf("at %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", depth, number, transitions());
    fflush(stdout);
}

static void begin_batch(u64 first)
{
    if (batches_used == batches_room) {
        batches_room = batches_room ? 2 * batches_room : 1024;
        batches = realloc(batches, batches_room * sizeof(batch));
        if (!batches)
            fail("the operating system gives no more memory");
    }
    batches[batches_used].first = first;
    batches[batches_used++].states = number;
}

/* Everything from `first` up to `last` at once; 0 if something is wrong with what came out. */
static int quickly(u64 first, u64 last)
{
    state *end = out;
    u64 began = number;
    for (u64 i = first; i < last; i++)
        end = every_action(&found[i], end);
    if (broken)
        return 0;
    u64 n = (u64)(end - out);
    for (u64 k = 0; k < n; k++)
        CANONICAL(&out[k]);
    u32 mask = place_mask();
    for (u64 k = 0; k < n; k++) {
        hashes[k] = hash(&out[k]);
        PREFETCH(&table[hashes[k] & mask]);
    }
    for (u64 k = 0; k < n; k++) {
        u32 e = table[hashes[k] & mask];
        if (e && (e & ~mask) == tag(hashes[k]))
            PREFETCH(&found[(e & mask) - 1]);
    }
    for (u64 k = 0; k < n; k++)
        meet(&out[k], hashes[k]);
    for (u64 i = began; i < number; i++)
        if (UNLIKELY(!LAWFUL(&found[i])))
            return 0;
    return number <= most_states;
}

enum { ALL, BOUND, MEMORY, LAW, STEP };
static const char *const words[] = {"all", "bound", "memory", "law", "step"};
static u64 culprit; /* the state that breaks a law, or whose step does */

/* The same, one action after the other. ALL if nothing was wrong. */
static int carefully(u64 first, u64 last)
{
    static u64 before[COUNTERS];
    for (u64 i = first; i < last; i++) {
        if (number > most_states)
            return BOUND;
        for (int a = 0; a < ACTIONS; a++) {
            memcpy(before, count, sizeof count);
            broken = 0;
            state *end = APPLY(action[a], &found[i], out);
            if (broken) {
                memcpy(count, before, sizeof count);
                culprit = i;
                return STEP;
            }
            for (state *s = out; s < end; s++) {
                CANONICAL(s);
                if (meet(s, hash(s)) && !LAWFUL(s)) {
                    culprit = number - 1;
                    return LAW;
                }
            }
        }
    }
    return ALL;
}

static void path(u64 to)
{
    if (to) {
        u64 low = 0, high = batches_used;
        while (high - low > 1) {
            u64 middle = (low + high) / 2;
            if (batches[middle].states <= to)
                low = middle;
            else
                high = middle;
        }
        u64 i = batches[low].first;
        for (;; i++) {
            state *s = out, *end = every_action(&found[i], out);
            for (; s < end; s++) {
                CANONICAL(s);
                if (same(s, &found[to]))
                    break;
            }
            if (s < end)
                break;
        }
        path(i);
    }
    printf("path");
    for (int k = 0; k < WORDS; k++)
        printf(" %" PRIx64, found[to].w[k]);
    printf("\n");
}

static void finish(int how, u64 depth)
{
    printf("end %s %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", words[how], number, depth, bytes_with(number, bits));
    printf("count");
    for (int c = 0; c < COUNTERS; c++)
        printf(" %" PRIu64, count[c]);
    printf("\n");
    if (how >= LAW)
        path(culprit);
    exit(0);
}

int main(int argc, char **argv)
{
    static u64 before[COUNTERS];
    if (argc != 3)
        fail("usage: PROGRAM BYTES STATES");
    most_bytes = strtoull(argv[1], NULL, 10);
    most_states = strtoull(argv[2], NULL, 10);
    bits = 16;
    room = most_bytes / sizeof(state) + BATCH * WIDEST + 2;
    if (room > 0xfffffff0u)
        room = 0xfffffff0u;
    found = pages(room * sizeof(state));
    table = pages((u64)4 << bits);
    state first = initial;
    CANONICAL(&first);
    meet(&first, hash(&first));
    if (!LAWFUL(&first))
        finish(LAW, 0);
    u64 depth = 0;
    for (u64 level = 0, end = 1; level < end; depth += end > level) {
        report(depth);
        while (level < end) {
            u64 last = end - level > BATCH ? level + BATCH : end;
            if (!roomy((last - level) * WIDEST))
                finish(MEMORY, depth);
            begin_batch(level);
            u64 began = number;
            memcpy(before, count, sizeof count);
            if (UNLIKELY(!quickly(level, last))) {
                forget(began);
                memcpy(count, before, sizeof count);
                broken = 0;
                int how = carefully(level, last);
                if (how != ALL)
                    finish(how, depth);
            }
            report(depth);
            level = last;
        }
        end = number;
    }
    finish(ALL, depth);
}
