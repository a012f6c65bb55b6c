"""What would make it easier for those contacted to take part."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("contact", sa.Column("access", sa.JSON(), nullable=False, server_default="[]"))
