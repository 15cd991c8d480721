"""Who may do what: people and their passwords, one-time links, memberships, API keys, the audit log, projects."""
