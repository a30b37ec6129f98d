/* The tables of a project. The two feature layers and layer_styles are registered as the GeoPackage standard asks; the
 * others are not, so that other programs list only what they can show. */
#include "render/file/output.h"
#include "render/geometry/feature-fields.h"
#include "render/geometry/gdal-session.h"
#include "render/store/project-migrate.h"

#include <cpl_string.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <ogr_srs_api.h>
#include <string.h>
#include <unistd.h>

/* Of version 1; project-migrate.c has what came later. */
static const char *const statements[] = {
	"CREATE TABLE nadir_meta (schema_version INTEGER NOT NULL, program TEXT NOT NULL, created TEXT NOT NULL)",
	"CREATE TABLE images (id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL, fingerprint TEXT NOT NULL, "
	"width INTEGER NOT NULL, height INTEGER NOT NULL, georef TEXT NOT NULL, added TEXT NOT NULL)",
	"CREATE TABLE image_settings (image_id INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, "
	"PRIMARY KEY (image_id, key))",
	"CREATE TABLE classes (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, color TEXT NOT NULL, pattern INTEGER NOT "
	"NULL, "
	"key INTEGER NOT NULL)",
	"CREATE TABLE nadir_objects (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, image_id INTEGER NOT NULL, "
	"px_geom BLOB NOT NULL, id INTEGER NOT NULL, class TEXT NOT NULL, class_id INTEGER NOT NULL, score DOUBLE, "
	"area_px INTEGER NOT NULL, area_m2 DOUBLE, model TEXT NOT NULL, prompt TEXT NOT NULL, state TEXT NOT NULL, "
	"reviewer TEXT NOT NULL, caption TEXT NOT NULL, image TEXT NOT NULL, created TEXT NOT NULL, edited TEXT NOT NULL)",
	"CREATE INDEX nadir_objects_image ON nadir_objects (image_id)",
	"CREATE TABLE marks (object_id INTEGER NOT NULL, place INTEGER NOT NULL, kind TEXT NOT NULL, sign INTEGER NOT "
	"NULL, "
	"mark TEXT NOT NULL, PRIMARY KEY (object_id, place))",
	"CREATE TABLE conversations (id INTEGER PRIMARY KEY AUTOINCREMENT, image_id INTEGER, title TEXT NOT NULL, "
	"created TEXT NOT NULL)",
	"CREATE TABLE messages (id INTEGER PRIMARY KEY AUTOINCREMENT, conversation_id INTEGER NOT NULL, parent_id INTEGER, "
	"role TEXT NOT NULL, content TEXT NOT NULL, created TEXT NOT NULL)",
	"CREATE INDEX messages_conversation ON messages (conversation_id)",
	"CREATE TABLE edits (id INTEGER PRIMARY KEY AUTOINCREMENT, step INTEGER NOT NULL, what TEXT NOT NULL, image_id "
	"INTEGER, "
	"object_id INTEGER NOT NULL, before_row TEXT, before_geom BLOB, after_row TEXT, after_geom BLOB, state TEXT NOT "
	"NULL, "
	"time TEXT NOT NULL)",
	"CREATE INDEX edits_state ON edits (state, step)",
	"CREATE INDEX edits_step ON edits (step)",
	"CREATE INDEX edits_object ON edits (object_id)",
	"CREATE TABLE layer_styles (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), "
	"f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, "
	"styleSLD TEXT, useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30), "
	"update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')))",
	"INSERT INTO gpkg_contents (table_name, data_type, identifier) VALUES ('layer_styles', 'attributes', "
	"'layer_styles')",
};

static bool make_layer(GDALDatasetH ds, const char *name, const char *crs)
{
	OGRSpatialReferenceH srs = OSRNewSpatialReference(NULL);
	char *options[] = {(char *)"GEOMETRY_NAME=geom", (char *)"FID=fid", NULL};
	OSRSetAxisMappingStrategy(srs, OAMS_TRADITIONAL_GIS_ORDER);
	OSRSetFromUserInput(srs, crs);
	OGRLayerH layer = GDALDatasetCreateLayer(ds, name, srs, wkbMultiPolygon, options);
	OSRDestroySpatialReference(srs);
	return layer && feature_fields_create(layer, 0);
}

static bool fill(GDALDatasetH ds)
{
	g_autofree char *now = project_now();
	g_autofree char *meta =
		g_strdup_printf("INSERT INTO nadir_meta VALUES (%d, 'Nadir " NADIR_VERSION "', '%s')", PROJECT_SCHEMA, now);
	bool ok = make_layer(ds, "objects", "EPSG:4326") &&
	          make_layer(ds, "objects_px", "LOCAL_CS[\"Undefined Cartesian SRS\",UNIT[\"metre\",1]]");
	for (guint i = 0; ok && i < G_N_ELEMENTS(statements); i++)
		ok = project_execute(ds, statements[i], NULL, NULL);
	return ok && project_migrate_tables(ds, 1) && project_execute(ds, meta, NULL, NULL);
}

static bool make_file(const char *path)
{
	/* No feature counts: OGR keeps them with triggers that it takes away while it inserts, which a kill would make
	 * permanent. */
	char *options[] = {(char *)"ADD_GPKG_OGR_CONTENTS=NO", NULL};
	GDALDriverH driver = GDALGetDriverByName("GPKG");
	GDALDatasetH ds = driver ? GDALCreate(driver, path, 0, 0, 0, GDT_Unknown, options) : NULL;
	if (!ds)
		return false;
	bool ok = GDALDatasetStartTransaction(ds, FALSE) == OGRERR_NONE && fill(ds) &&
	          GDALDatasetCommitTransaction(ds) == OGRERR_NONE;
	CPLErrorReset();
	GDALClose(ds);
	return ok && CPLGetLastErrorType() < CE_Failure;
}

static bool force_to_disk(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool ok = fd >= 0 && fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	return ok;
}

static bool create_failed(const char *path, GError **error)
{
	g_set_error(error, PROJECT_ERROR, PROJECT_ERROR_WRITE,
	            _("The project %s cannot be created: %s; choose a folder with free space that you may write to."), path,
	            gdal_session_message());
	return false;
}

/* Made under another name, so that what is at the path is a whole project or nothing. */
bool project_schema_create(const char *path, GError **error)
{
	g_autofree char *temporary = g_strdup_printf("%s.%08x.gpkg", path, g_random_int());
	gdal_session_begin();
	bool ok = true;
	if (output_fault()) {
		CPLError(CE_Failure, CPLE_FileIO, "database or disk is full");
		ok = create_failed(path, error);
	} else if (!make_file(temporary)) {
		ok = create_failed(path, error);
	}
	if (ok && (!force_to_disk(temporary) || rename(temporary, path) != 0)) {
		CPLError(CE_Failure, CPLE_FileIO, "%s", g_strerror(errno));
		ok = create_failed(path, error);
	}
	gdal_session_end();
	if (!ok) {
		g_autofree char *journal = g_strconcat(temporary, "-journal", NULL);
		g_unlink(temporary);
		g_unlink(journal);
	}
	return ok;
}

bool project_schema_check(project *p, GError **error)
{
	g_autofree char *health = project_text(p, "PRAGMA quick_check(1)");
	if (g_strcmp0(health, "ok") != 0) {
		g_set_error(error, PROJECT_ERROR, PROJECT_ERROR_CORRUPT,
		            _("The project %s is damaged (%s): restore it from a copy."), p->path,
		            health ? health : _("unreadable"));
		return false;
	}
	gint64 version = project_number(p, 0, "SELECT schema_version FROM nadir_meta");
	if (version > PROJECT_SCHEMA) {
		g_autofree char *program = project_text(p, "SELECT program FROM nadir_meta");
		g_set_error(error, PROJECT_ERROR, PROJECT_ERROR_VERSION,
		            /* Translators: %s after "needs" is a program with its version. */
		            _("The project %s needs %s or a newer one (its format is %d, Nadir %s reads %d): update Nadir to "
		              "open it."),
		            p->path, program ? program : "Nadir", (int)version, NADIR_VERSION, PROJECT_SCHEMA);
		return false;
	}
	if (version < 1) {
		g_set_error(error, PROJECT_ERROR, PROJECT_ERROR_OPEN,
		            _("%s is no Nadir project: it has no table nadir_meta with a version. Rename or move it, if a "
		              "project is to begin there."),
		            p->path);
		return false;
	}
	p->version = (int)version;
	return version == PROJECT_SCHEMA || p->read_only || project_migrate(p, error);
}
