"""What is kept, and how: tables, the unit of work, migrations and the audit chain."""
