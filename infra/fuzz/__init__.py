"""`dev fuzz`: throws damaged and invented files at every parser, and keeps what breaks one."""
