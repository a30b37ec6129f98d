-- Who may do what. The three roles belong to this database alone: DATABASE_annotator, _reviewer and _owner; a person's
-- role is made a member of one of them. Rules are a row's own (row-level security), so they hold for every program.
DO $$
DECLARE
	part text;
	grp text;
BEGIN
	FOREACH part IN ARRAY ARRAY['annotator', 'reviewer', 'owner'] LOOP
		grp := current_database() || '_' || part;
		IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = grp) THEN
			EXECUTE format('CREATE ROLE %I NOLOGIN', grp);
		END IF;
		EXECUTE format('GRANT USAGE ON SCHEMA nadir TO %I', grp);
		EXECUTE format('GRANT USAGE ON SEQUENCE nadir.versions TO %I', grp);
		EXECUTE format('GRANT SELECT ON nadir.meta, nadir.history TO %I', grp);
		EXECUTE format('GRANT SELECT, INSERT, UPDATE ON nadir.images, nadir.classes, nadir.objects TO %I', grp);
	END LOOP;
	EXECUTE format('GRANT %I TO CURRENT_USER', current_database() || '_owner');
END $$;

-- The strongest of the three that a person has; NULL: none.
CREATE FUNCTION nadir.my_role() RETURNS text LANGUAGE sql STABLE AS $$
	SELECT part FROM unnest(ARRAY['owner', 'reviewer', 'annotator']) WITH ORDINALITY AS p(part, rank)
		WHERE pg_has_role(session_user, current_database() || '_' || part, 'MEMBER') ORDER BY rank LIMIT 1
$$;

ALTER TABLE nadir.images ENABLE ROW LEVEL SECURITY;
ALTER TABLE nadir.classes ENABLE ROW LEVEL SECURITY;
ALTER TABLE nadir.objects ENABLE ROW LEVEL SECURITY;
CREATE POLICY see ON nadir.images FOR SELECT USING (true);
CREATE POLICY see ON nadir.classes FOR SELECT USING (true);
CREATE POLICY see ON nadir.objects FOR SELECT USING (true);
CREATE POLICY add ON nadir.images FOR INSERT WITH CHECK (true);
CREATE POLICY add ON nadir.classes FOR INSERT WITH CHECK (true);
-- Annotators draw; what a reviewer has decided they no longer change, and they decide nothing themselves.
CREATE POLICY add ON nadir.objects FOR INSERT
	WITH CHECK (nadir.my_role() <> 'annotator' OR review IN ('undecided', 'skipped', 'flagged'));
CREATE POLICY change ON nadir.objects FOR UPDATE
	USING (nadir.my_role() <> 'annotator' OR review IN ('undecided', 'skipped', 'flagged'))
	WITH CHECK (nadir.my_role() <> 'annotator' OR review IN ('undecided', 'skipped', 'flagged'));
CREATE POLICY change ON nadir.classes FOR UPDATE
	USING (nadir.my_role() <> 'annotator') WITH CHECK (nadir.my_role() <> 'annotator');
CREATE POLICY change ON nadir.images FOR UPDATE
	USING (nadir.my_role() = 'owner' OR fingerprint = '') WITH CHECK (true); -- who opens it first says what it is
