"""The only code of ours inside the image: supervisor, zygotes, driver, guest."""
