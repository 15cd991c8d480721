"""Integrations: platforms that run voice agents and report calls to an endpoint of ours, with a secret they share."""
