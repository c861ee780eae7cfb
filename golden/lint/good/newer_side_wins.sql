MERGE INTO archive.plans USING stage_plans AS s ON archive.plans.plan_id = s.plan_id
WHEN MATCHED THEN UPDATE SET
    name = CASE WHEN s.changed_at > archive.plans.changed_at THEN s.name ELSE archive.plans.name END,
    changed_at = GREATEST(archive.plans.changed_at, s.changed_at)
WHEN NOT MATCHED THEN INSERT (plan_id, name, changed_at) VALUES (s.plan_id, s.name, s.changed_at);
