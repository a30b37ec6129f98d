-- The rows of a shared project: the tables of a project's GeoPackage, with a version a row. Versions come from one
-- sequence under one lock, so that a version that can be seen is never followed by a lower one that appears later.
CREATE EXTENSION IF NOT EXISTS postgis;
CREATE SCHEMA nadir;
CREATE TABLE nadir.meta (
	one boolean PRIMARY KEY DEFAULT true CHECK (one),
	schema_version integer NOT NULL,
	project uuid NOT NULL DEFAULT gen_random_uuid(),
	created timestamptz NOT NULL DEFAULT now());
INSERT INTO nadir.meta (schema_version) VALUES (0);
CREATE SEQUENCE nadir.versions;

-- Deleted rows stay as tombstones. extra holds what a newer program says of a row.
CREATE TABLE nadir.images (
	uid uuid PRIMARY KEY, version bigint NOT NULL, deleted boolean NOT NULL DEFAULT false,
	edited_by text NOT NULL, edited_at timestamptz NOT NULL,
	path text NOT NULL, fingerprint text NOT NULL, width integer NOT NULL, height integer NOT NULL,
	georef text NOT NULL, copy integer NOT NULL, extra jsonb NOT NULL DEFAULT '{}');
-- An image without a fingerprint is of a list and was opened by nobody yet; copy counts those of the same contents.
CREATE UNIQUE INDEX images_fingerprint ON nadir.images (fingerprint, copy) WHERE fingerprint <> '';
CREATE UNIQUE INDEX images_path ON nadir.images (path) WHERE fingerprint = '';
CREATE INDEX images_version ON nadir.images (version);

CREATE TABLE nadir.classes (
	uid uuid PRIMARY KEY, version bigint NOT NULL, deleted boolean NOT NULL DEFAULT false,
	edited_by text NOT NULL, edited_at timestamptz NOT NULL,
	name text NOT NULL, color text NOT NULL, pattern integer NOT NULL, key integer NOT NULL,
	parent uuid, fields text, extra jsonb NOT NULL DEFAULT '{}');
CREATE UNIQUE INDEX classes_name ON nadir.classes (name) WHERE NOT deleted;
CREATE INDEX classes_version ON nadir.classes (version);

-- px_geom is the truth, in pixels of the image with y down; geom is the map view.
CREATE TABLE nadir.objects (
	uid uuid PRIMARY KEY, version bigint NOT NULL, deleted boolean NOT NULL DEFAULT false,
	edited_by text NOT NULL, edited_at timestamptz NOT NULL,
	image uuid NOT NULL REFERENCES nadir.images, class uuid NOT NULL REFERENCES nadir.classes,
	proposed uuid REFERENCES nadir.classes,
	px_geom geometry(MultiPolygon) NOT NULL, geom geometry(MultiPolygon, 4326),
	score double precision, area_px bigint NOT NULL, area_m2 double precision,
	model text NOT NULL, prompt text NOT NULL, state text NOT NULL, reviewer text NOT NULL, caption text NOT NULL,
	created text NOT NULL, edited text NOT NULL, source text NOT NULL, author text NOT NULL, review text NOT NULL,
	reviewed text NOT NULL, comment text NOT NULL, attributes text,
	extra jsonb NOT NULL DEFAULT '{}');
CREATE INDEX objects_version ON nadir.objects (version);
CREATE INDEX objects_image ON nadir.objects (image) WHERE NOT deleted;
CREATE INDEX objects_class ON nadir.objects (class) WHERE NOT deleted;
CREATE INDEX objects_geom ON nadir.objects USING gist (geom);

-- Every state that a row has had, by whom, and with which push it came.
CREATE TABLE nadir.history (
	version bigint PRIMARY KEY, kind text NOT NULL, uid uuid NOT NULL, who text NOT NULL, at timestamptz NOT NULL,
	push uuid, deleted boolean NOT NULL, "row" jsonb NOT NULL, px_geom geometry);
CREATE INDEX history_push ON nadir.history (push);
CREATE INDEX history_uid ON nadir.history (uid);

CREATE FUNCTION nadir.stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_advisory_xact_lock(hashtext('nadir.versions'));
	NEW.version := nextval('nadir.versions');
	NEW.edited_by := session_user;
	NEW.edited_at := now();
	RETURN NEW;
END $$;

-- A row as clients know it.
CREATE FUNCTION nadir.plain(r jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
	SELECT jsonb_strip_nulls((r - ARRAY['uid', 'version', 'deleted', 'edited_by', 'edited_at', 'px_geom', 'geom', 'extra'])
		|| coalesce(r->'extra', '{}'))
$$;

CREATE FUNCTION nadir.remember() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
DECLARE
	outline geometry;
BEGIN
	IF TG_ARGV[0] = 'object' THEN
		outline := NEW.px_geom;
	END IF;
	INSERT INTO nadir.history VALUES (NEW.version, TG_ARGV[0], NEW.uid, NEW.edited_by, NEW.edited_at,
		nullif(current_setting('nadir.push', true), '')::uuid, NEW.deleted, nadir.plain(to_jsonb(NEW)), outline);
	RETURN NULL;
END $$;

CREATE FUNCTION nadir.tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_notify('nadir', '');
	RETURN NULL;
END $$;

CREATE TRIGGER stamp BEFORE INSERT OR UPDATE ON nadir.images FOR EACH ROW EXECUTE FUNCTION nadir.stamp();
CREATE TRIGGER stamp BEFORE INSERT OR UPDATE ON nadir.classes FOR EACH ROW EXECUTE FUNCTION nadir.stamp();
CREATE TRIGGER stamp BEFORE INSERT OR UPDATE ON nadir.objects FOR EACH ROW EXECUTE FUNCTION nadir.stamp();
CREATE TRIGGER remember AFTER INSERT OR UPDATE ON nadir.images FOR EACH ROW EXECUTE FUNCTION nadir.remember('image');
CREATE TRIGGER remember AFTER INSERT OR UPDATE ON nadir.classes FOR EACH ROW EXECUTE FUNCTION nadir.remember('class');
CREATE TRIGGER remember AFTER INSERT OR UPDATE ON nadir.objects FOR EACH ROW EXECUTE FUNCTION nadir.remember('object');
CREATE TRIGGER tell AFTER INSERT OR UPDATE ON nadir.images EXECUTE FUNCTION nadir.tell();
CREATE TRIGGER tell AFTER INSERT OR UPDATE ON nadir.classes EXECUTE FUNCTION nadir.tell();
CREATE TRIGGER tell AFTER INSERT OR UPDATE ON nadir.objects EXECUTE FUNCTION nadir.tell();

-- One row of a push: {"kind", "uid", "base": the version it was changed from, "deleted", "row", "px", "geom"}; the
-- outlines as WKB in hexadecimal digits. stored: with its new version. stale: somebody was faster. same: another row is
-- this image or class already. refused: the role may not.
CREATE FUNCTION nadir.put_one(item jsonb, OUT uid uuid, OUT status text, OUT version bigint, OUT other uuid)
LANGUAGE plpgsql AS $$
DECLARE
	tab text := CASE item->>'kind' WHEN 'image' THEN 'images' WHEN 'class' THEN 'classes' WHEN 'object' THEN 'objects' END;
	gone boolean := (item->>'deleted')::boolean;
	base bigint := (item->>'base')::bigint;
	cols text;
	vals jsonb;
BEGIN
	uid := (item->>'uid')::uuid;
	SELECT string_agg(quote_ident(attname), ', ') INTO cols FROM pg_attribute
		WHERE attrelid = ('nadir.' || tab)::regclass AND attnum > 0 AND NOT attisdropped;
	vals := coalesce(item->'row', '{}') || jsonb_build_object('uid', uid, 'version', base, 'deleted', gone,
		'edited_by', session_user, 'edited_at', now());
	IF NOT gone THEN
		vals := vals || jsonb_build_object('extra', (SELECT coalesce(jsonb_object_agg(k, v), '{}')
			FROM jsonb_each(item->'row') AS e(k, v) WHERE NOT EXISTS (SELECT FROM pg_attribute
			WHERE attrelid = ('nadir.' || tab)::regclass AND attname = k)));
	END IF;
	IF tab = 'objects' AND NOT gone THEN
		vals := vals || jsonb_build_object('px_geom', item->>'px',
			'geom', ST_SetSRID(ST_GeomFromWKB(decode(item->>'geom', 'hex')), 4326)::text);
	END IF;
	IF base = 0 THEN
		EXECUTE format('INSERT INTO nadir.%I SELECT (jsonb_populate_record(NULL::nadir.%I, $1)).* '
			'ON CONFLICT (uid) DO NOTHING RETURNING version', tab, tab) INTO version USING vals;
		status := CASE WHEN version IS NULL THEN 'stale' ELSE 'stored' END;
		RETURN;
	END IF;
	EXECUTE format('UPDATE nadir.%I t SET (%s) = (SELECT %s FROM jsonb_populate_record(CASE WHEN $2 THEN t '
		'ELSE NULL::nadir.%I END, $1)) WHERE t.uid = $3 AND t.version = $4 RETURNING version', tab, cols, cols, tab)
		INTO version USING vals, gone, uid, base;
	IF version IS NOT NULL THEN
		status := 'stored';
		RETURN;
	END IF;
	EXECUTE format('SELECT CASE WHEN t.version = $2 THEN ''refused'' ELSE ''stale'' END FROM nadir.%I t WHERE t.uid = $1',
		tab) INTO status USING uid, base;
	status := coalesce(status, 'refused');
EXCEPTION
	WHEN insufficient_privilege OR foreign_key_violation THEN
		status := 'refused';
		version := NULL;
	WHEN unique_violation THEN
		version := NULL;
		IF tab = 'classes' THEN
			SELECT c.uid INTO other FROM nadir.classes c WHERE c.name = item->'row'->>'name' AND NOT c.deleted;
		ELSE
			SELECT i.uid INTO other FROM nadir.images i WHERE i.fingerprint = item->'row'->>'fingerprint'
				AND CASE i.fingerprint WHEN '' THEN i.path = item->'row'->>'path'
					ELSE i.copy = (item->'row'->>'copy')::integer END;
		END IF;
		IF base = 0 THEN
			status := 'same';
			RETURN;
		END IF;
		EXECUTE format('SELECT CASE WHEN t.version = $2 THEN ''refused'' ELSE ''stale'' END FROM nadir.%I t '
			'WHERE t.uid = $1', tab) INTO status USING uid, base;
END $$;

-- All rows of a push, in their order; push tells later whether it arrived (nadir.pushed).
CREATE FUNCTION nadir.put(items jsonb, push uuid)
RETURNS TABLE (uid uuid, status text, version bigint, other uuid) LANGUAGE plpgsql AS $$
DECLARE
	item jsonb;
BEGIN
	PERFORM pg_advisory_xact_lock(hashtext('nadir.versions'));
	PERFORM set_config('nadir.push', push::text, true);
	FOR item IN SELECT * FROM jsonb_array_elements(items) LOOP
		SELECT * INTO uid, status, version, other FROM nadir.put_one(item);
		RETURN NEXT;
	END LOOP;
END $$;

-- A push that is still under way holds the lock: it is waited for.
CREATE FUNCTION nadir.pushed(token uuid)
RETURNS TABLE (uid uuid, version bigint) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_advisory_xact_lock(hashtext('nadir.versions'));
	RETURN QUERY SELECT h.uid, h.version FROM nadir.history h WHERE h.push = token;
END $$;

-- What was changed after a version: all images and classes, and the first objects. more: there are more of them.
CREATE FUNCTION nadir.changes(since bigint, most integer)
RETURNS TABLE (kind text, uid uuid, version bigint, deleted boolean, who text, "row" jsonb, px text, more boolean)
LANGUAGE sql STABLE AS $$
	SELECT 'image', i.uid, i.version, i.deleted, i.edited_by, nadir.plain(to_jsonb(i)), NULL, false
		FROM nadir.images i WHERE i.version > since
	UNION ALL
	SELECT 'class', c.uid, c.version, c.deleted, c.edited_by, nadir.plain(to_jsonb(c)), NULL, false
		FROM nadir.classes c WHERE c.version > since
	UNION ALL
	(SELECT 'object', o.uid, o.version, o.deleted, o.edited_by, nadir.plain(to_jsonb(o) - 'px_geom' - 'geom'),
		encode(ST_AsBinary(o.px_geom, 'NDR'), 'hex'), count(*) OVER () > most
		FROM nadir.objects o WHERE o.version > since ORDER BY o.version LIMIT most)
$$;
