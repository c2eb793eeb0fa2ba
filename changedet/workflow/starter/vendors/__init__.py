"""What vendors say of their scenes: by the names of their files and by the metadata that lie beside them."""
