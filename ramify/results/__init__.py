"""What a run leaves behind: files, checkpoints and figures; made on one rank from gathered arrays."""
