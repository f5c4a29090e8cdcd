"""The ONNX export of PhotoWCT models: graphs written by hand, and the bundle around them."""
