"""A level below: the hypervisor's calls in steps, on two CPUs.

In the machine a call is one step. Here it is several, and calls on two CPUs take theirs in turn. What a step does is what the
machine's own rules do (:mod:`vnic_spec.below.steps`); in which order a call takes its steps is data, and so is each misreading
of that order (:mod:`vnic_spec.below.programs`); what must hold of the steps is in :mod:`vnic_spec.below.laws`. That every run
is one of the machine is checked by ``vnic_model.below``.

What is assumed of the hypervisor:

* There is one lock for each vNIC. A call that may move the selection, or that sees that a server has read an event, is carried
  out under it. A send is not.
* A send looks once whether it is let through. One that is let through may store its element until it says that it has left.
  A fence is complete when nobody whom it concerns is between the two; the fence waits for that.
* A send that would be refused is refused only while nobody has the lock: else it waits, and looks again.
* The client reads its queue in its own memory at any time, without a call. What a server has read counts when the hypervisor
  sees it, under the lock.
* Storing one element, and writing the variables of one step, is atomic.
"""
