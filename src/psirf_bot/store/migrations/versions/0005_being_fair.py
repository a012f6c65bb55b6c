# ruff: noqa: S608 - the SQL is our own
"""Being fair"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "fairentry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("by_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("page", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("about", sa.Integer(), nullable=True),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("run_id", "number"),
    )
    with op.batch_alter_table("fairentry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_fairentry_run_id"), ["run_id"], unique=False)

    op.create_table(
        "fairmonitoring",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("groups", sa.JSON(), nullable=False),
        sa.Column("by_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("fairmonitoring", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_fairmonitoring_run_id"), ["run_id"], unique=False)

    op.create_table(
        "fairrun",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("reference", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("case_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("subject_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("subject_name", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("concern", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("begun_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("patient_safety_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("workforce_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("joined", sa.JSON(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("reading", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("tool", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("wording", sa.JSON(), nullable=False),
        sa.Column("review_on", sa.Date(), nullable=True),
        sa.Column("paused_why", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("end", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("ended_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("record", sa.JSON(), nullable=True),
        sa.Column("teller", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("reference", "version"),
    )
    with op.batch_alter_table("fairrun", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_fairrun_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_fairrun_reference"), ["reference"], unique=False)
        batch_op.create_index(batch_op.f("ix_fairrun_subject_id"), ["subject_id"], unique=False)

    with op.batch_alter_table("case", schema=None) as batch_op:
        batch_op.add_column(sa.Column("hold", sqlmodel.sql.sqltypes.AutoString(), nullable=True))

    for statement in APPEND_ONLY[op.get_bind().dialect.name]:
        op.execute(statement)


# What happened in a run stays as it was, and so does its record: the database itself refuses anything else.
# All of it goes with its case, once the audit says that the case was deleted after its review.
DELETED = "SELECT 1 FROM auditentry WHERE what = 'deleted after review' AND case_id"
OF_RUN = f"EXISTS ({DELETED} = (SELECT case_id FROM fairrun WHERE id = OLD.run_id))"
LET_GO = {"fairentry": OF_RUN, "fairmonitoring": OF_RUN, "fairrun": f"EXISTS ({DELETED} = OLD.case_id)"}
REFUSE = "BEGIN SELECT RAISE(ABORT, 'being fair is append-only'); END"
SAME = {
    "fairentry": "id = NEW.id OR (run_id = NEW.run_id AND number = NEW.number)",
    "fairmonitoring": "id = NEW.id",
    "fairrun": "id = NEW.id OR (reference = NEW.reference AND version = NEW.version)",
}
APPEND_ONLY = {
    "sqlite": [
        f"CREATE TRIGGER {table}_no_UPDATE BEFORE UPDATE ON {table} {REFUSE}"
        for table in ("fairentry", "fairmonitoring")
    ]
    + [
        f"CREATE TRIGGER {table}_no_DELETE BEFORE DELETE ON {table} WHEN NOT {let_go} {REFUSE}"
        for table, let_go in LET_GO.items()
    ]
    + [
        "CREATE TRIGGER fairrun_record_stays BEFORE UPDATE OF record ON fairrun "
        f"WHEN OLD.record <> 'null' AND NEW.record IS NOT OLD.record {REFUSE}",
    ]
    + [  # REPLACE deletes without a word to the triggers above
        f"CREATE TRIGGER {table}_no_REPLACE BEFORE INSERT ON {table} "
        f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same}) {REFUSE}"
        for table, same in SAME.items()
    ],
    "postgresql": [
        "CREATE FUNCTION fair_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'being fair is append-only'; END $$",
        *(
            f"CREATE TRIGGER {table}_append_only BEFORE {verbs} ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION fair_append_only()"
            for table, verbs in {
                "fairentry": "UPDATE OR TRUNCATE",
                "fairmonitoring": "UPDATE OR TRUNCATE",
                "fairrun": "TRUNCATE",
            }.items()
        ),
        *(
            statement
            for table, let_go in LET_GO.items()
            for statement in (
                f"CREATE FUNCTION {table}_let_go() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                f"IF {let_go} THEN RETURN OLD; END IF; RAISE EXCEPTION 'being fair is append-only'; END $$",
                f"CREATE TRIGGER {table}_stays BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_let_go()",
            )
        ),
        "CREATE TRIGGER fairrun_record_stays BEFORE UPDATE OF record ON fairrun FOR EACH ROW "
        "WHEN (OLD.record::text <> 'null' AND OLD.record::text IS DISTINCT FROM NEW.record::text) "
        "EXECUTE FUNCTION fair_append_only()",
    ],
}
