from tests.inference.conftest import gallery, network_file

__all__ = ["gallery", "network_file"]
