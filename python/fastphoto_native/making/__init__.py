"""Making models: training, export, import. Nothing here is needed to run one."""
