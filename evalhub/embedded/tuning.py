"""Settings of the embedded PostgreSQL, sensible on a small machine. What is not named here is PostgreSQL's default."""

PORT = 5432  # names the socket; nothing listens on it
SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "min_dynamic_shared_memory": "64MB",  # parallel queries outgrow the /dev/shm of a container
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "1GB",
    "min_wal_size": "256MB",  # so much is used again instead of being made anew
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "jit": "off",
    "log_line_prefix": "%m [%p] ",
    "log_min_messages": "warning",
    "lc_messages": "C",
    "timezone": "UTC",
}
# for tests: a crash of the machine would lose everything
UNSAFE = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "128MB",
    "max_connections": "200",
}
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}  # no PG* and no locale of whoever starts us
