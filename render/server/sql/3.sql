-- Who works on what: presence for a minute at a time, and batches of images that a person has claimed until a time.
CREATE TABLE nadir.presence (
	client uuid PRIMARY KEY, who text NOT NULL, image uuid, seen timestamptz NOT NULL);
CREATE TABLE nadir.assignments (
	image uuid PRIMARY KEY REFERENCES nadir.images, who text NOT NULL, since timestamptz NOT NULL,
	until timestamptz NOT NULL);

CREATE FUNCTION nadir.here(client uuid, image uuid) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
DECLARE
	before uuid;
	known boolean;
BEGIN
	SELECT p.image, true INTO before, known FROM nadir.presence p WHERE p.client = here.client;
	DELETE FROM nadir.presence p WHERE p.seen < now() - interval '1 minute';
	INSERT INTO nadir.presence VALUES (here.client, session_user, here.image, now())
		ON CONFLICT ON CONSTRAINT presence_pkey DO UPDATE SET image = EXCLUDED.image, seen = EXCLUDED.seen
		WHERE nadir.presence.who = session_user;
	IF known IS NULL OR before IS DISTINCT FROM here.image THEN
		PERFORM pg_notify('nadir', 'people');
	END IF;
END $$;

CREATE FUNCTION nadir.gone(client uuid) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
BEGIN
	DELETE FROM nadir.presence p WHERE p.client = gone.client AND p.who = session_user;
	PERFORM pg_notify('nadir', 'people');
END $$;

CREATE VIEW nadir.people AS
	SELECT client, who, image, seen FROM nadir.presence WHERE seen > now() - interval '1 minute';

-- The next images that nobody holds and that are not reviewed to their end; what had timed out is free again.
CREATE FUNCTION nadir.claim(how_many integer, minutes integer) RETURNS SETOF uuid LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
BEGIN
	PERFORM pg_advisory_xact_lock(hashtext('nadir.assignments'));
	DELETE FROM nadir.assignments a WHERE a.until < now();
	RETURN QUERY INSERT INTO nadir.assignments
		SELECT i.uid, session_user, now(), now() + make_interval(mins => minutes) FROM nadir.images i
		WHERE NOT i.deleted AND NOT EXISTS (SELECT FROM nadir.assignments a WHERE a.image = i.uid)
			AND (EXISTS (SELECT FROM nadir.objects o WHERE o.image = i.uid AND NOT o.deleted AND o.review = 'undecided')
				OR NOT EXISTS (SELECT FROM nadir.objects o WHERE o.image = i.uid AND NOT o.deleted))
		ORDER BY i.version LIMIT how_many
		RETURNING nadir.assignments.image;
	PERFORM pg_notify('nadir', 'people');
END $$;

-- All that a person holds; the number of images.
CREATE FUNCTION nadir.release() RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
DECLARE
	n integer;
BEGIN
	DELETE FROM nadir.assignments a WHERE a.who = session_user;
	GET DIAGNOSTICS n = ROW_COUNT;
	PERFORM pg_notify('nadir', 'people');
	RETURN n;
END $$;

CREATE VIEW nadir.claims AS SELECT image, who, since, until FROM nadir.assignments WHERE until > now();

-- Where a function is the way, others than the team's members may not go it.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA nadir FROM PUBLIC;
DO $$
DECLARE
	part text;
BEGIN
	FOREACH part IN ARRAY ARRAY['annotator', 'reviewer', 'owner'] LOOP
		EXECUTE format('GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA nadir TO %I', current_database() || '_' || part);
		EXECUTE format('GRANT SELECT ON nadir.people, nadir.claims TO %I', current_database() || '_' || part);
	END LOOP;
END $$;
