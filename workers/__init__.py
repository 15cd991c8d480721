"""Celery: the app, its base task, one task per entry of evalhub.jobs.JOBS, the schedule. Nothing else.

celery -A workers.app worker -Q ingest --schedule
celery -A workers.app worker -Q text,judge,audio
"""
