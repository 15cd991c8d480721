"""Celery: the app, its base task, one task per entry of evalhub.jobs.JOBS, the schedule. Nothing else.

python -m workers --queues ingest --concurrency 2 --schedule
python -m workers --queues text,judge,audio --concurrency 2
"""
