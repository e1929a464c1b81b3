"""The whole loop: audit, groups, repair or retrain, choose without group labels, audit again."""
