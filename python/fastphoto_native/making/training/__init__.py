"""The training recipe of PhotoWCT models, in PyTorch."""
