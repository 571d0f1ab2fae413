"""Where stimuli come from: tours over the explored graph, random walks, Hypothesis, and scripted fills."""
