"""Small services around files, each written once."""
