"""Model bundles and ONNX Runtime: the only folder that knows it."""
