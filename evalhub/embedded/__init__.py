"""The embedded platform: PostgreSQL, a broker and evalhub's own processes, from one data folder, as one family.

`platform` starts and supervises. The others know one thing each: `datadir` the data folder, `runfolder` where sockets
lie, `owner` who runs PostgreSQL, `programs` its binaries, `postgres` the cluster, `dump` its copies, `broker` Redis,
`processes` a child, `leftovers` what an earlier family left behind, `ports` who holds one, `secrets` what is generated.
"""
