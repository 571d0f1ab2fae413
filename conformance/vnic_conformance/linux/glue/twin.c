// SPDX-License-Identifier: GPL-2.0-only
/*
 * A twin: another guest that stands in the same call with the same past, and has connections of
 * its own. The host tries there what comes next, while this one goes on standing; a kernel that
 * has come so far need not be booted again.
 */
#include "vnickit.h"
#include "twin.h"

#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <asm/pgtable.h>
#include <asm/tlbflush.h>
#include <shared/as-layout.h>
#include <mem.h>
#include <os.h>
#include <skas.h>

#define CLOCK	"clock"	/* process.py */
#define SPACES	64

extern unsigned long long physmem_size;

/* Every page of a range has to be mapped again, the way it was. */
static void forget(struct mm_struct *mm, unsigned long from, unsigned long to)
{
	unsigned long at;
	pgd_t *pgd;
	p4d_t *p4d;
	pud_t *pud;
	pmd_t *pmd;
	pte_t *pte;

	for (at = from; at < to; at += PAGE_SIZE) {
		pgd = pgd_offset(mm, at);
		if (!pgd_present(*pgd))
			continue;
		p4d = p4d_offset(pgd, at);
		if (!p4d_present(*p4d))
			continue;
		pud = pud_offset(p4d, at);
		if (!pud_present(*pud))
			continue;
		pmd = pmd_offset(pud, at);
		if (!pmd_present(*pmd))
			continue;
		pte = pte_offset_kernel(pmd, at);
		if (pte_present(*pte))
			*pte = pte_mknewpage(*pte);
	}
	um_tlb_mark_sync(mm, from, to);
}

/* The process that stands for an address space is the other one's: a new one, with nothing in it yet. */
static void renew_space(struct mm_struct *mm)
{
	struct mm_id *id = &mm->context.id;
	VMA_ITERATOR(vmi, mm, 0);
	struct vm_area_struct *vma;
	int old = id->pid;

	id->syscall_data_len = 0;
	id->pid = start_userspace(id->stack);
	if (id->pid < 0)
		panic("vnickit: a twin has no process for an address space: %d", id->pid);
	if (userspace_pid[0] == old)
		userspace_pid[0] = id->pid;
	unmap(id, 0, TASK_SIZE);
	for_each_vma(vmi, vma)
		forget(mm, vma->vm_start, vma->vm_end);
}

static void renew_spaces(void)
{
	struct mm_struct *seen[SPACES], *of[2];
	struct task_struct *task;
	int count = 0, i, j;

	rcu_read_lock();
	for_each_process(task) {
		of[0] = task->mm;
		of[1] = task->active_mm;	/* a kernel thread still keeps the last one */
		for (i = 0; i < 2; i++) {
			for (j = 0; j < count && seen[j] != of[i]; j++)
				;
			if (!of[i] || of[i] == &init_mm || j < count)
				continue;
			if (count == SPACES)
				panic("vnickit: more address spaces than a twin can have");
			seen[count++] = of[i];
			renew_space(of[i]);
		}
	}
	rcu_read_unlock();
}

/* Both go on from here: who was asked, and the twin, each with what the host tells it next. */
void vnickit_split(const struct vnickit_answer *asked)
{
	unsigned long long offset;
	int memory, clock, rc;
	u64 none = 0;

	memory = phys_mapping(physmem_size - PAGE_SIZE, &offset);
	rc = vnickit_fork((const char *)asked->value, memory);
	if (rc < 0)
		panic("vnickit: no twin: %d", rc);
	if (!rc)
		return;
	clock = vnickit_connected_to(CLOCK);
	if (clock < 0 || vnickit_replace(clock, os_connect_socket(CLOCK)) ||
	    vnickit_replace(vnickit_calls_fd, vnickit_connect(VNICKIT_CALLS)) ||
	    vnickit_replace(vnickit_orders_fd, vnickit_connect(VNICKIT_ORDERS)))
		panic("vnickit: a twin cannot connect to the host");
	vnickit_renew_epoll();
	renew_spaces();
	/* As if it had been an order: from now on none is missed. */
	vnickit_write(vnickit_orders_fd, &none, sizeof(none));
}
