"""Train one model on one mixture (planned: the folder holds no trainer yet)."""
