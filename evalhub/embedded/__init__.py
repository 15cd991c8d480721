"""The embedded platform: PostgreSQL, a broker and evalhub's own processes, from one data folder, as one family.

`Platform` starts and supervises; the other modules each know one thing: the data folder, a child process, PostgreSQL,
the broker, the secrets.
"""
