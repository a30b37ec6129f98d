/* Very many objects in sight are one picture of the view and some of what is around it, drawn by a thread from the list
 * as it was. The main loop shows the last picture, moved and scaled, until the next one is there; what was changed in
 * between is drawn over it one by one. */
#include "app/canvas/canvas-private.h"

#include <math.h>
#include <string.h>

#include "render/draw/crowd-draw.h"

#define AROUND 0.2                     /* of the view, on each side */
#define MOST_LATE 256                  /* objects; with more the next picture is waited for */
#define MOST_PIXELS (64 * 1024 * 1024) /* of a picture */

typedef struct {
	CanvasCrowdKey key;
	object_snapshot *objects;
	GHashTable *looks; /* class id -> crowd_member with its colour and pattern */
	guint next;        /* counts down: the oldest is at the end */
} crowd_job;

static void crowd_job_free(void *data)
{
	crowd_job *j = data;
	object_snapshot_unref(j->objects);
	g_hash_table_unref(j->looks);
	g_free(j);
}

void overlay_crowd_init(NadirCanvas *c)
{
	c->crowd.late = g_ptr_array_new_with_free_func(g_object_unref);
}

void overlay_crowd_forget(NadirCanvas *c)
{
	if (c->crowd.working)
		g_cancellable_cancel(c->crowd.working);
	g_clear_object(&c->crowd.working);
	g_clear_object(&c->crowd.texture);
	g_ptr_array_set_size(c->crowd.late, 0);
}

void overlay_crowd_finalize(NadirCanvas *c)
{
	g_ptr_array_unref(c->crowd.late);
}

void overlay_crowd_note(NadirCanvas *c, guint position, guint removed, guint added)
{
	if (!c->crowd.texture && !c->crowd.working)
		return;
	if (c->crowd.late->len + added > MOST_LATE)
		return;
	for (guint i = 0; i < added; i++)
		g_ptr_array_add(c->crowd.late, g_object_ref(nadir_object_list_get(c->document->objects, position + i)));
}

/* --- in the thread --- */

static bool next_member(void *data, crowd_member *m)
{
	crowd_job *j = data;
	guint n;
	NadirObject *const *items = object_snapshot_items(j->objects, &n);
	const crowd_member *look;
	if (j->next == 0)
		return false;
	NadirObject *o = items[--j->next];
	const feature *f = nadir_object_get_feature(o);
	*m = (crowd_member){.color = {0.73f, 0.73f, 0.73f, 1}};
	if (f->id == j->key.edited || nadir_object_is_hidden(o) || !nadir_object_get_extent(o, m->extent))
		return true;
	look = g_hash_table_lookup(j->looks, GINT_TO_POINTER(f->class_id));
	if (look) {
		m->color = look->color;
		m->pattern = look->pattern;
	}
	m->shape = nadir_object_get_shape(o);
	return true;
}

static void draw_crowd(GTask *task, gpointer source, gpointer data, GCancellable *cancel)
{
	crowd_job *j = data;
	const CanvasCrowdKey *k = &j->key;
	const double scale = k->scale * k->factor;
	cairo_surface_t *surface =
		cairo_image_surface_create(CAIRO_FORMAT_ARGB32, (int)ceil((k->area[2] - k->area[0]) * scale),
	                               (int)ceil((k->area[3] - k->area[1]) * scale));
	const shape_view view = {k->area[0], k->area[1], scale};
	if (cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS &&
	    crowd_draw(surface, &view, k->factor, k->opacity, next_member, j, cancel))
		g_task_return_pointer(task, overlay_texture_of(surface), g_object_unref);
	else
		g_task_return_pointer(task, NULL, NULL);
	cairo_surface_destroy(surface);
}

/* --- in the main loop --- */

static void on_drawn(GObject *object, GAsyncResult *result, gpointer data)
{
	NadirCanvas *c = NADIR_CANVAS(object);
	const crowd_job *j = g_task_get_task_data(G_TASK(result));
	g_autoptr(GdkTexture) texture = g_task_propagate_pointer(G_TASK(result), NULL);
	if (c->crowd.working != g_task_get_cancellable(G_TASK(result)))
		return; /* of a document that is no longer shown */
	g_clear_object(&c->crowd.working);
	if (!texture)
		return;
	g_set_object(&c->crowd.texture, texture);
	c->crowd.key = j->key;
	if (j->key.version == nadir_object_list_version(c->document->objects))
		g_ptr_array_set_size(c->crowd.late, 0);
	gtk_widget_queue_draw(GTK_WIDGET(c));
}

static guint hash_classes(GPtrArray *classes)
{
	guint hash = 17;
	for (guint i = 0; i < classes->len; i++) {
		const project_class *k = classes->pdata[i];
		hash = hash * 31 + (guint)k->id;
		hash = hash * 31 + g_str_hash(k->color);
		hash = hash * 31 + (guint)k->pattern;
	}
	return hash;
}

static GHashTable *looks_of(GPtrArray *classes)
{
	GHashTable *looks = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	for (guint i = 0; i < classes->len; i++) {
		const project_class *k = classes->pdata[i];
		crowd_member *look = g_new0(crowd_member, 1);
		GdkRGBA color = {0.73f, 0.73f, 0.73f, 1};
		gdk_rgba_parse(&color, k->color);
		look->color = (draw_color){color.red, color.green, color.blue, 1};
		look->pattern = k->pattern;
		g_hash_table_insert(looks, GINT_TO_POINTER(k->id), look);
	}
	return looks;
}

/* What a picture for this area has to be like; the area itself with what is around it, inside of the image. */
static CanvasCrowdKey key_for(NadirCanvas *c, const double area[4])
{
	NadirDocument *d = c->document;
	CanvasCrowdKey k = {.scale = c->view.scale,
	                    .opacity = nadir_document_get_opacity(d),
	                    .factor = gtk_widget_get_scale_factor(GTK_WIDGET(c)),
	                    .version = nadir_object_list_version(d->objects),
	                    .classes = hash_classes(nadir_document_get_classes(d)),
	                    .edited = nadir_document_get_edited(d)};
	const double border = 8 / k.scale, w = (area[2] - area[0]) * AROUND, h = (area[3] - area[1]) * AROUND;
	k.area[0] = floor(fmax(area[0] - w, -border));
	k.area[1] = floor(fmax(area[1] - h, -border));
	k.area[2] = ceil(fmin(area[2] + w, c->view.image_w + border));
	k.area[3] = ceil(fmin(area[3] + h, c->view.image_h + border));
	return k;
}

static bool covers(const CanvasCrowdKey *k, const double area[4])
{
	return k->area[0] <= area[0] && k->area[1] <= area[1] && k->area[2] >= area[2] && k->area[3] >= area[3];
}

static bool shows(const CanvasCrowdKey *k, const CanvasCrowdKey *want, const double area[4])
{
	return k->scale == want->scale && k->opacity == want->opacity && k->factor == want->factor &&
	       k->version == want->version && k->classes == want->classes && k->edited == want->edited && covers(k, area);
}

bool overlay_crowd_has(NadirCanvas *c, const double area[4])
{
	return c->crowd.texture && c->crowd.key.version == nadir_object_list_version(c->document->objects) &&
	       covers(&c->crowd.key, area);
}

void overlay_crowd_want(NadirCanvas *c, const double area[4])
{
	const CanvasCrowdKey want = key_for(c, area);
	const double side = want.scale * want.factor;
	if (c->crowd.working || (c->crowd.texture && shows(&c->crowd.key, &want, area)) ||
	    (want.area[2] - want.area[0]) * (want.area[3] - want.area[1]) * side * side > MOST_PIXELS)
		return;
	crowd_job *j = g_new0(crowd_job, 1);
	j->key = want;
	j->objects = nadir_object_list_snapshot(c->document->objects);
	j->looks = looks_of(nadir_document_get_classes(c->document));
	object_snapshot_items(j->objects, &j->next);
	c->crowd.working = g_cancellable_new();
	g_autoptr(GTask) task = g_task_new(c, c->crowd.working, on_drawn, NULL);
	g_task_set_check_cancellable(task, FALSE);
	g_task_set_task_data(task, j, crowd_job_free);
	g_task_run_in_thread(task, draw_crowd);
}

bool overlay_crowd_append(NadirCanvas *c, GtkSnapshot *snapshot, const double area[4])
{
	const CanvasCrowdKey *k = &c->crowd.key;
	double x, y;
	if (!c->crowd.texture || k->area[0] > area[2] || k->area[1] > area[3] || k->area[2] < area[0] ||
	    k->area[3] < area[1])
		return false;
	viewport_to_screen(&c->view, k->area[0], k->area[1], &x, &y);
	const double z = c->view.scale / k->scale / k->factor;
	gtk_snapshot_append_texture(snapshot, c->crowd.texture,
	                            &GRAPHENE_RECT_INIT((float)canvas_snap(c, x), (float)canvas_snap(c, y),
	                                                (float)(gdk_texture_get_width(c->crowd.texture) * z),
	                                                (float)(gdk_texture_get_height(c->crowd.texture) * z)));
	return true;
}
