/* Projects of earlier versions. A version is a list of statements that bring the one before it forward; a new project
 * is made as version 1 and goes the same way, so that old and new files cannot differ. */
#include "render/store/project-migrate.h"

#include <glib/gi18n-lib.h>

/* 2: the review. Where an object comes from is told by what it carries; the class it came with is in the journal. */
static const char *const to_2[] = {
	"ALTER TABLE nadir_objects ADD COLUMN source TEXT NOT NULL DEFAULT ''",
	"ALTER TABLE nadir_objects ADD COLUMN author TEXT NOT NULL DEFAULT ''",
	"ALTER TABLE nadir_objects ADD COLUMN review TEXT NOT NULL DEFAULT 'undecided'",
	"ALTER TABLE nadir_objects ADD COLUMN reviewed TEXT NOT NULL DEFAULT ''",
	"ALTER TABLE nadir_objects ADD COLUMN comment TEXT NOT NULL DEFAULT ''",
	"ALTER TABLE nadir_objects ADD COLUMN proposed_id INTEGER NOT NULL DEFAULT 0",
	"CREATE TABLE queues (name TEXT PRIMARY KEY NOT NULL, filter TEXT NOT NULL)",
	"UPDATE nadir_objects SET source = CASE WHEN model = 'hand' THEN 'person' WHEN prompt IN ('', '[]') THEN 'import' "
	"ELSE 'model' END, proposed_id = coalesce((SELECT json_extract(after_row, '$.class_id') FROM edits WHERE object_id "
	"= nadir_objects.fid AND after_row IS NOT NULL ORDER BY edits.id LIMIT 1), class_id)",
	"UPDATE nadir_objects SET author = CASE WHEN source = 'person' THEN reviewer WHEN model <> '' THEN model ELSE "
	"source END",
	NULL,
};

/* 3: classes below classes, and the attributes that they ask of their objects (render/geometry/attributes.h); in the
 * feature layers, too, where other programs see them. */
static const char *const to_3[] = {
	"ALTER TABLE classes ADD COLUMN parent INTEGER NOT NULL DEFAULT 0",
	"ALTER TABLE classes ADD COLUMN fields TEXT NOT NULL DEFAULT ''",
	"ALTER TABLE nadir_objects ADD COLUMN attributes TEXT NOT NULL DEFAULT ''",
	"ALTER TABLE objects ADD COLUMN attributes TEXT",
	"ALTER TABLE objects_px ADD COLUMN attributes TEXT",
	NULL,
};

static const char *const *const versions[PROJECT_SCHEMA + 1] = {[2] = to_2, [3] = to_3};

bool project_migrate_tables(GDALDatasetH ds, int from)
{
	for (int v = from + 1; v <= PROJECT_SCHEMA; v++)
		for (const char *const *s = versions[v]; *s; s++)
			if (!project_execute(ds, *s, NULL, NULL))
				return false;
	return true;
}

static bool migrate(project *p, GError **error)
{
	if (!project_migrate_tables(p->ds, p->version))
		return project_failed(p, error);
	/* Who can read it from now on: an older program names this one when it refuses the file. */
	return project_run(p, error, "UPDATE nadir_meta SET schema_version = %d, program = 'Nadir %s'", PROJECT_SCHEMA,
	                   NADIR_VERSION);
}

bool project_migrate(project *p, GError **error)
{
	if (!project_begin(p, error) || !project_end(p, migrate(p, error), error))
		return false;
	/* OGR read the tables' columns when it opened them. */
	GDALClose(p->ds);
	p->ds = project_connect(p->path, false);
	p->version = PROJECT_SCHEMA;
	if (!p->ds)
		g_set_error(error, PROJECT_ERROR, PROJECT_ERROR_CORRUPT,
		            _("The project %s could not be opened again: close and open it."), p->path);
	return p->ds != NULL;
}
