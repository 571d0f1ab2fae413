"""An instance as text for independent model checkers: Promela for Spin, SMV for NuSMV.

What is written is the traced reading and nothing else, one step of the text for each action with each combination of its
parameters. So another tool must find the same states and the same transitions, and that is what these exports are for.
"""
