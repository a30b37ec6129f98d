/* The two halves of a round with the server: what is sent, and what is made of the answer. */
#include "render/store/project-rows.h"
#include "render/store/team-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define ID "%" G_GINT64_FORMAT

/* Keys that a row may lose; any other that is missing is of a newer program and stays as the server has it. */
static const char *const may_go[] = {"score", "area_m2", "parent", "proposed", NULL};

/* The row as it is here now. */
static bool read_now(project *p, const team_record *r, team_side *now, GError **error)
{
	const cJSON *item;
	*now = (team_side){0};
	if (r->id != 0 && !team_read(p, r->kind, r->id, now, error))
		return false;
	if (!now->json || !r->base.json)
		return true;
	cJSON_ArrayForEach(item, r->base.json)
	{
		if (!cJSON_HasObjectItem(now->json, item->string) && !g_strv_contains(may_go, item->string))
			cJSON_AddItemToObject(now->json, item->string, cJSON_Duplicate(item, true));
	}
	return true;
}

static void set_side(team_side *to, team_side from)
{
	team_side_clear(to);
	*to = from;
}

static void set_text(char **to, const char *value)
{
	g_free(*to);
	*to = g_strdup(value);
}

static void settle(team_record *r)
{
	set_text(&r->trouble, "");
	set_side(&r->theirs, (team_side){0});
	r->theirs_version = 0;
}

/* --- what is sent --- */

typedef struct {
	team_kind kind;
	gint64 id;
} dirty_row;

static bool add_dirty(OGRFeatureH row, void *data)
{
	const dirty_row d = {OGR_F_GetFieldAsInteger(row, 0), OGR_F_GetFieldAsInteger64(row, 1)};
	g_array_append_val(data, d);
	return true;
}

static team_row *row_to_send(project *p, const team_record *r, const team_side *now)
{
	team_row *row = team_row_new(r->kind, r->uid, r->version);
	row->json = team_side_text(now);
	row->px_geom = now->px ? g_bytes_ref(now->px) : NULL;
	row->map_geom = now->px ? team_map_geometry(p, r->id) : NULL;
	return row;
}

static bool is_open(const team_side *image)
{
	const char *fingerprint = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(image->json, "fingerprint"));
	return fingerprint && *fingerprint;
}

/* Of an image the team learns that it is there, and later what it is; the rest is each copy's own. */
static bool completes(const team_record *r, const team_side *now)
{
	return now->json && (r->version == 0 || (!is_open(&r->base) && is_open(now)));
}

/* Adds the row to those that are sent, or finds that there is nothing to send. */
static bool collect_one(project *p, const dirty_row *d, GPtrArray *rows, GError **error)
{
	g_autofree char *uid = team_uid_for(p, d->kind, d->id, error);
	g_autoptr(team_record) r = uid ? team_record_of(p, uid, error) : NULL;
	g_auto(team_side) now = {0};
	if (!r || !read_now(p, r, &now, error))
		return false;
	if (*r->trouble)
		return true;
	if (team_side_equal(&now, &r->base) || (d->kind == TEAM_IMAGE && !completes(r, &now)))
		return team_mark(p, d->kind, d->id, false, error);
	g_ptr_array_add(rows, row_to_send(p, r, &now));
	set_side(&r->sent, now);
	now = (team_side){0};
	r->pending = true;
	return team_record_put(p, r, error);
}

/* Rows in conflict are left out. Objects wait until the images and classes that they name are known to the server. */
static bool collect_kinds(project *p, const char *which, guint most, GPtrArray *rows, GError **error)
{
	g_autoptr(GArray) dirty = g_array_new(FALSE, FALSE, sizeof(dirty_row));
	if (!project_select(
			p, add_dirty, dirty, error,
			"SELECT d.kind, d.local_id FROM team_dirty d WHERE d.kind IN (%s) AND NOT EXISTS (SELECT 1 FROM "
			"team_rows r WHERE r.kind = d.kind AND r.local_id = d.local_id AND r.trouble <> '') ORDER BY "
			"d.kind, d.local_id",
			which))
		return false;
	for (guint i = 0; i < dirty->len && rows->len < most; i++)
		if (!collect_one(p, &g_array_index(dirty, dirty_row, i), rows, error))
			return false;
	return true;
}

static bool collect(project *p, guint most, GPtrArray *rows, char **token, GError **error)
{
	if (!collect_kinds(p, "1, 2", G_MAXUINT, rows, error))
		return false;
	if (rows->len == 0 && !collect_kinds(p, "3", most, rows, error))
		return false;
	if (rows->len == 0)
		return true;
	*token = g_uuid_string_random();
	return team_set_meta(p, "token", *token, error);
}

GPtrArray *team_collect(project *p, guint most, char **token, GError **error)
{
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify)team_row_free);
	*token = NULL;
	if (!project_begin(p, error) || !project_end(p, collect(p, most, rows, token, error), error)) {
		g_clear_pointer(token, g_free);
		return NULL;
	}
	return g_steal_pointer(&rows);
}

/* --- what became of it --- */

/* The server has what was sent. */
static bool stored(project *p, team_record *r, gint64 version, GError **error)
{
	g_auto(team_side) now = {0};
	set_side(&r->base, r->sent);
	r->sent = (team_side){0};
	r->version = version;
	r->pending = false;
	return team_record_put(p, r, error) && read_now(p, r, &now, error) &&
	       (!team_side_equal(&now, &r->base) || team_mark(p, r->kind, r->id, false, error));
}

static bool work_answer(project *p, const team_answer *a, team_counts *counts, GError **error)
{
	g_autoptr(team_record) r = team_record_of(p, a->uid, error);
	if (!r || !r->pending)
		return !error || !*error;
	if (a->status == TEAM_STORED) {
		counts->sent++;
		return stored(p, r, a->version, error);
	}
	if (a->status == TEAM_SAME) /* the server's own row comes with its changes and is recognised by its name */
		return project_run(p, error, "DELETE FROM team_rows WHERE uid = '%s'", r->uid);
	if (a->status == TEAM_REFUSED) {
		set_text(&r->trouble, "refused");
		set_side(&r->theirs, team_side_copy(&r->base));
		r->theirs_version = r->version;
	}
	return team_record_put(p, r, error);
}

/* What was sent and not answered for has not arrived. */
static bool end_push(project *p, GError **error)
{
	return project_run(p, error, "UPDATE team_rows SET pending = 0, sent = '', sent_px = NULL WHERE pending") &&
	       team_set_meta(p, "token", NULL, error);
}

/* --- what the others did --- */

/* Tells of an object as it is now. */
static void tell(project *p, gint64 id, gint64 image, project_changes *changes)
{
	g_autoptr(GError) gone = NULL;
	if (!changes)
		return;
	if (!changes->objects)
		changes->objects = project_changes_new_list();
	project_change *c = g_new0(project_change, 1);
	*c = (project_change){id, image, NULL};
	if (project_number(p, 0, "SELECT count(*) FROM nadir_objects WHERE fid = " ID, id) > 0)
		c->now = project_get_rows(p, id, &c->image, &gone);
	g_ptr_array_add(changes->objects, c);
}

static gint64 image_of(project *p, const team_side *s)
{
	const char *uid = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(s->json, "image"));
	return uid ? team_local_id(p, uid) : 0;
}

/* Makes the row here what `side` says. */
static bool put_here(project *p, team_record *r, const team_side *now, const team_side *side, project_changes *changes,
                     GError **error)
{
	const gint64 image = r->kind == TEAM_OBJECT ? image_of(p, now->json ? now : side) : 0;
	if (team_side_equal(now, side) && r->id != 0)
		return true;
	bool ok = r->id == 0 || team_forget_steps(p, r->kind, r->id, error);
	if (ok && side->json)
		ok = team_write(p, r->kind, &r->id, side, error);
	else if (ok && r->id != 0 && now->json)
		ok = team_drop(p, r->kind, r->id, error);
	if (ok && r->kind == TEAM_OBJECT && r->id != 0)
		tell(p, r->id, image, changes);
	if (changes && r->kind == TEAM_CLASS)
		changes->classes = true;
	return ok;
}

/* The number of a row that is gone on both sides may be given again. */
static void let_go(team_record *r, const team_side *merged)
{
	if (!merged->json && !r->base.json && r->kind == TEAM_OBJECT)
		r->id = 0;
}

/* theirs is agreed upon; what stands here is `merged`. */
static bool agree(project *p, team_record *r, const team_side *now, const team_side *merged, project_changes *changes,
                  GError **error)
{
	set_side(&r->base, team_side_copy(&r->theirs));
	r->version = r->theirs_version;
	settle(r);
	if (!put_here(p, r, now, merged, changes, error))
		return false;
	const gint64 id = r->id;
	const bool same = team_side_equal(merged, &r->base);
	let_go(r, merged);
	return team_record_put(p, r, error) && (id == 0 || team_mark(p, r->kind, id, !same, error));
}

/* There is nothing to merge in an image. */
static bool take_image(project *p, team_record *r, GError **error)
{
	g_auto(team_side) now = {0};
	set_side(&r->base, team_side_copy(&r->theirs));
	r->version = r->theirs_version;
	if (r->theirs.json && !team_write(p, TEAM_IMAGE, &r->id, &r->theirs, error))
		return false;
	settle(r);
	return read_now(p, r, &now, error) && team_record_put(p, r, error) &&
	       team_mark(p, TEAM_IMAGE, r->id, completes(r, &now), error);
}

/* Both sides, against what they last agreed upon. */
static bool merge_row(project *p, team_record *r, team_counts *counts, project_changes *changes, GError **error)
{
	g_auto(team_side) now = {0}, merged = {0};
	if (r->kind == TEAM_IMAGE)
		return take_image(p, r, error);
	if (!read_now(p, r, &now, error))
		return false;
	const bool changed = !team_side_equal(&now, &r->base);
	g_autofree char *conflict = team_merge(&r->base, &now, &r->theirs, TEAM_OURS, &merged);
	if (conflict) {
		set_text(&r->trouble, conflict);
		return team_record_put(p, r, error);
	}
	if (changed && !team_side_equal(&now, &r->theirs))
		counts->merged++;
	return agree(p, r, &now, &merged, changes, error);
}

static char *quoted(const cJSON *json, const char *key)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, key));
	return project_quote(text ? text : "");
}

static char *same_name(const cJSON *json)
{
	g_autofree char *name = quoted(json, "name");
	return g_strdup_printf("t.name = %s", name);
}

/* The same contents, of several copies the one of the same place; or the same path where one side has not opened it. */
static char *same_image(const cJSON *json)
{
	const cJSON *copy = cJSON_GetObjectItemCaseSensitive(json, "copy");
	g_autofree char *path = quoted(json, "path"), *fingerprint = quoted(json, "fingerprint");
	return g_strdup_printf(
		"((t.fingerprint = %s AND t.fingerprint <> '' AND (SELECT count(*) FROM images j WHERE "
		"j.fingerprint = t.fingerprint AND j.id < t.id) = %d) OR (t.path = %s AND (t.fingerprint = '' "
		"OR %s = '')))",
		fingerprint, cJSON_IsNumber(copy) ? copy->valueint : 0, path, fingerprint);
}

/* A class or image that is here already under the same name or contents. */
static gint64 find_twin(project *p, const team_row *row)
{
	g_auto(team_side) s = team_side_from(row->json, NULL);
	if (row->kind == TEAM_OBJECT)
		return 0;
	g_autofree char *where = row->kind == TEAM_CLASS ? same_name(s.json) : same_image(s.json);
	return project_number(p, 0,
	                      "SELECT t.id+0 AS k FROM %s t WHERE %s AND NOT EXISTS (SELECT 1 FROM team_rows r WHERE "
	                      "r.kind = %d AND r.local_id = t.id AND r.version > 0) ORDER BY t.id LIMIT 1",
	                      row->kind == TEAM_CLASS ? "classes" : "images", where, (int)row->kind);
}

static team_record *new_record(project *p, const team_row *row, GError **error)
{
	team_record *r = g_new0(team_record, 1);
	*r = (team_record){.kind = row->kind, .uid = g_strdup(row->uid), .id = find_twin(p, row)};
	/* what it was called before it was known that the two are one */
	if (r->id != 0 &&
	    !project_run(p, error, "DELETE FROM team_rows WHERE kind = %d AND local_id = " ID, (int)r->kind, r->id))
		g_clear_pointer(&r, team_record_free);
	if (r && r->id == 0 && row->kind == TEAM_CLASS) { /* classes name each other: they have their numbers first */
		r->id = project_number(p, 0,
		                       "SELECT max(coalesce((SELECT max(id) FROM classes), 0), coalesce((SELECT max(local_id) "
		                       "FROM team_rows WHERE kind = 2), 0))") +
		        1;
	}
	return r;
}

/* Takes a twin over: what it has here is not a change of the team's row. */
static bool adopt(project *p, team_record *r, GError **error)
{
	return r->version > 0 || r->kind == TEAM_OBJECT || r->id == 0 || (read_now(p, r, &r->base, error));
}

static bool announce(project *p, const team_row *row, GError **error)
{
	g_autoptr(team_record) known = team_record_of(p, row->uid, error);
	g_autoptr(team_record) r = known || !row->json ? NULL : new_record(p, row, error);
	if (known || !row->json)
		return true;
	return r && adopt(p, r, error) && team_record_put(p, r, error);
}

static bool work_row(project *p, const team_row *row, team_counts *counts, project_changes *changes, GError **error)
{
	g_autoptr(team_record) r = team_record_of(p, row->uid, error);
	if (!r && !row->json)
		return true; /* made and deleted since */
	if (!r) {
		r = g_new0(team_record, 1);
		*r = (team_record){.kind = row->kind, .uid = g_strdup(row->uid)};
	}
	if (row->version <= MAX(r->version, r->theirs_version) && r->version > 0)
		return true;
	if (row->kind == TEAM_CLASS && !row->json) { /* once nothing is of it any more: see bury_classes() */
		set_side(&r->base, (team_side){0});
		r->version = row->version;
		settle(r);
		return team_record_put(p, r, error);
	}
	set_side(&r->theirs, team_side_from(row->json, row->px_geom));
	r->theirs_version = row->version;
	set_text(&r->who, row->who);
	counts->received++;
	return merge_row(p, r, counts, changes, error);
}

/* Classes that the team has deleted go when no object is of them; one that something is of lives on. */
static bool bury_classes(project *p, project_changes *changes, GError **error)
{
	g_autoptr(GPtrArray) gone = team_records(
		p, error, "kind = 2 AND base = '' AND version > 0 AND local_id IN (SELECT id FROM classes) AND NOT pending");
	for (guint i = 0; gone && i < gone->len; i++) {
		team_record *r = gone->pdata[i];
		const bool used = project_number(p, 0, "SELECT count(*) FROM nadir_objects WHERE class_id = " ID, r->id) > 0;
		if (used ? !team_mark(p, TEAM_CLASS, r->id, true, error)
		         : !team_drop(p, TEAM_CLASS, r->id, error) || !team_mark(p, TEAM_CLASS, r->id, false, error))
			return false;
		if (changes)
			changes->classes = true;
	}
	return gone != NULL;
}

/* Images first, then classes, then what is of them. */
static bool work_rows(project *p, GPtrArray *rows, team_counts *counts, project_changes *changes, GError **error)
{
	for (guint i = 0; i < rows->len; i++) {
		const team_row *row = rows->pdata[i];
		if (row->kind != TEAM_OBJECT && !announce(p, row, error))
			return false;
	}
	for (int kind = TEAM_IMAGE; kind <= TEAM_OBJECT; kind++)
		for (guint i = 0; i < rows->len; i++) {
			const team_row *row = rows->pdata[i];
			if ((int)row->kind == kind && !work_row(p, row, counts, changes, error))
				return false;
		}
	return true;
}

static bool finish(project *p, const team_reply *reply, team_counts *counts, project_changes *changes, GError **error)
{
	g_autofree char *known = g_strdup_printf(ID, reply->known);
	for (guint i = 0; reply->answers && i < reply->answers->len; i++)
		if (!work_answer(p, reply->answers->pdata[i], counts, error))
			return false;
	if (!end_push(p, error) || (reply->rows && !work_rows(p, reply->rows, counts, changes, error)))
		return false;
	if (!reply->more && reply->rows && !bury_classes(p, changes, error))
		return false;
	return reply->known == 0 || team_set_meta(p, "known", known, error);
}

bool team_finish(project *p, const team_reply *reply, team_counts *counts, project_changes *changes, GError **error)
{
	project_changes told = {0};
	team_counts counted = *counts;
	if (!project_begin(p, error) || !project_end(p, finish(p, reply, &counted, &told, error), error)) {
		project_changes_clear(&told);
		return false;
	}
	*counts = counted;
	if (changes)
		*changes = told;
	else
		project_changes_clear(&told);
	return true;
}

/* --- conflicts --- */

void team_conflict_free(team_conflict *c)
{
	g_free(c->uid);
	g_free(c->who);
	g_free(c->fields);
	g_free(c->ours);
	g_free(c->theirs);
	g_clear_pointer(&c->ours_px, g_bytes_unref);
	g_clear_pointer(&c->theirs_px, g_bytes_unref);
	g_free(c);
}

/* As JSON for a person: the class by its name, too. */
static char *told_text(project *p, const team_side *side)
{
	g_auto(team_side) copy = team_side_copy(side);
	const char *uid = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(copy.json, "class"));
	g_autofree char *name = uid ? project_class_name(p, (int)team_local_id(p, uid)) : NULL;
	if (name)
		cJSON_AddStringToObject(copy.json, "class_name", name);
	return team_side_text(&copy);
}

static bool add_conflict(project *p, const team_record *r, GPtrArray *list, GError **error)
{
	g_auto(team_side) now = {0};
	if (!read_now(p, r, &now, error))
		return false;
	team_conflict *c = g_new0(team_conflict, 1);
	*c = (team_conflict){.kind = r->kind,
	                     .uid = g_strdup(r->uid),
	                     .who = g_strdup(r->who),
	                     .fields = g_strdup(r->trouble),
	                     .refused = strcmp(r->trouble, "refused") == 0,
	                     .id = now.json ? r->id : 0,
	                     .image = image_of(p, now.json ? &now : &r->theirs),
	                     .ours = told_text(p, &now),
	                     .theirs = told_text(p, &r->theirs),
	                     .ours_px = now.px ? g_bytes_ref(now.px) : NULL,
	                     .theirs_px = r->theirs.px ? g_bytes_ref(r->theirs.px) : NULL};
	g_ptr_array_add(list, c);
	return true;
}

GPtrArray *team_conflicts(project *p, GError **error)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)team_conflict_free);
	g_autoptr(GPtrArray) records =
		team_linked(p) ? team_records(p, error, "trouble <> '' ORDER BY kind, local_id") : g_ptr_array_new();
	for (guint i = 0; records && i < records->len; i++)
		if (!add_conflict(p, records->pdata[i], list, error))
			return NULL;
	return records ? g_steal_pointer(&list) : NULL;
}

/* Ours as an object of its own beside theirs. */
static bool put_twin(project *p, const team_side *now, project_changes *changes, GError **error)
{
	gint64 id = 0;
	if (!team_write(p, TEAM_OBJECT, &id, now, error))
		return false;
	tell(p, id, 0, changes);
	return true;
}

static bool resolve(project *p, const char *uid, team_choice choice, project_changes *changes, GError **error)
{
	g_autoptr(team_record) r = team_record_of(p, uid, error);
	g_auto(team_side) now = {0}, merged = {0};
	if (!r || !*r->trouble) {
		if (r || !error || !*error)
			g_set_error(error, PROJECT_ERROR, PROJECT_ERROR_WRITE, _("There is no conflict %s any more."), uid);
		return false;
	}
	if (!read_now(p, r, &now, error))
		return false;
	const bool both = choice == TEAM_BOTH && r->kind == TEAM_OBJECT && now.json && r->theirs.json;
	if (strcmp(r->trouble, "refused") == 0 && choice == TEAM_OURS) {
		g_set_error_literal(error, PROJECT_ERROR, PROJECT_ERROR_WRITE,
		                    _("Your role allows no such change: take the server's side, or keep both."));
		return false;
	}
	if (both || strcmp(r->trouble, "refused") == 0)
		merged = team_side_copy(&r->theirs);
	else
		g_free(team_merge(&r->base, &now, &r->theirs, choice == TEAM_BOTH ? TEAM_OURS : choice, &merged));
	return agree(p, r, &now, &merged, changes, error) && (!both || put_twin(p, &now, changes, error));
}

bool team_resolve(project *p, const char *uid, team_choice choice, project_changes *changes, GError **error)
{
	project_changes told = {0};
	if (!project_begin(p, error) || !project_end(p, resolve(p, uid, choice, &told, error), error)) {
		project_changes_clear(&told);
		return false;
	}
	if (changes)
		*changes = told;
	else
		project_changes_clear(&told);
	return true;
}
