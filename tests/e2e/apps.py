"""The sample tenant and its applications (conf/tenant.sample.json)."""

TENANT = "6f1d2a7e-3c5b-4e0f-9b8a-1c2d3e4f5a6b"
SYNC_APP = ("0a1b2c3d-0000-4000-8000-000000000001", "change-me-sync")
ADMIN_APP = ("0a1b2c3d-0000-4000-8000-000000000002", "change-me-admin")
GRAPH_APP = ("0a1b2c3d-0000-4000-8000-000000000003", "change-me-graph")
