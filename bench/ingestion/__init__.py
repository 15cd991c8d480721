"""Span ingestion of evalhub, its peers and a bare floor, measured side by side in one run. See bench/ingest.py."""
