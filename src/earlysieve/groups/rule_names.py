"""Names of the selection rules, and what each is in a sentence; NumPy is not needed for it."""

RULE_HELP = {
    "accuracy": "share of examples that are right",
    "loss": "minus the mean cross-entropy",
    "worst_class_accuracy": "the lowest accuracy of a class",
    "class_difference": "minus the mean difference of the accuracies of two classes",
    "worst_pseudo_group_accuracy": "the lowest lower bound of the accuracy of a group that was "
    "inferred",
    "pseudo_group_accuracy": "mean accuracy over groups that were inferred",
    "unsupervised_balanced_accuracy": "mean accuracy over groups (label, class that a biased "
    "reader says)",
    "flip_rate": "how surely the model is wrong; it chooses a model to infer groups from, never a "
    "repaired one",
    "worst_group_accuracy": "the lowest accuracy of a true group",
}
RULE_NAMES = tuple(RULE_HELP)
