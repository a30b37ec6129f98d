/* Which marks can be a prompt (design.md section 4). */
#include "infer/models/sam-prompt.h"
#include <glib/gi18n-lib.h>
#include <math.h>

G_DEFINE_QUARK(sam_error_quark, sam_error)

#define POINTS_MAX 20000 /* of one scribble or polygon */
#define MARKS_MAX 256    /* far beyond use; bounds the decoder's token list */

static const char *kind_name(sam_mark_kind kind)
{
	static const char *const names[] = {N_("point"), N_("box"), N_("circle"), N_("scribble"), N_("polygon")};
	return kind <= SAM_POLYGON ? _(names[kind]) : _("unknown mark");
}

/* reason: the translated rest of the sentence "The box at 3,4 ...". */
static bool complain(GError **error, const sam_mark *m, const char *reason)
{
	const double *at = m->n > 0 && m->xy ? m->xy : (const double[]){0, 0};
	g_set_error(error, SAM_ERROR, SAM_ERROR_PROMPT, _("The %s at %g,%g %s"), kind_name(m->kind), at[0], at[1], reason);
	return false;
}

static bool well_formed(const sam_mark *m)
{
	static const guint least[] = {1, 2, 1, 1, 3};
	if (m->kind > SAM_POLYGON || m->n < least[m->kind] || !m->xy || (m->sign != 1 && m->sign != -1))
		return false;
	for (guint i = 0; i < 2 * m->n; i++)
		if (!isfinite(m->xy[i]) || fabs(m->xy[i]) > 1e9)
			return false;
	return m->kind != SAM_CIRCLE || (isfinite(m->r) && m->r < 1e9);
}

static bool has_area(const sam_mark *m)
{
	switch (m->kind) {
	case SAM_BOX:
		return m->xy[0] != m->xy[2] && m->xy[1] != m->xy[3];
	case SAM_CIRCLE:
		return m->r > 0;
	case SAM_POLYGON:
		return !sam_polygon_is_flat(m->xy, m->n);
	case SAM_POINT:
	case SAM_SCRIBBLE:
		break; /* lines and points never have one */
	}
	return true;
}

static bool outline_meets_image(const sam_mark *m, double w, double h)
{
	guint last = m->kind == SAM_POLYGON ? m->n : m->n - 1;
	for (guint i = 0; i < last; i++)
		if (sam_segment_meets_rect(m->xy + 2 * i, m->xy + 2 * ((i + 1) % m->n), w, h))
			return true;
	return false;
}

static bool meets_image(const sam_mark *m, double w, double h)
{
	double b[4], x = m->xy[0], y = m->xy[1];
	switch (m->kind) {
	case SAM_BOX:
		sam_mark_bounds(m, b);
		return b[0] < w && b[1] < h && b[2] > 0 && b[3] > 0;
	case SAM_CIRCLE:
		return hypot(x - CLAMP(x, 0, w), y - CLAMP(y, 0, h)) < m->r;
	case SAM_POLYGON:
		return outline_meets_image(m, w, h) || sam_polygon_contains(m->xy, m->n, w / 2, h / 2);
	case SAM_SCRIBBLE:
		if (m->n > 1)
			return outline_meets_image(m, w, h);
		break;
	case SAM_POINT:
		break;
	}
	return x >= 0 && y >= 0 && x < w && y < h;
}

static bool mark_check(const sam_mark *m, int image_w, int image_h, GError **error)
{
	if (!well_formed(m))
		return complain(error, m, _("is malformed: its coordinates must be finite numbers and complete"));
	if (m->n > POINTS_MAX)
		return complain(error, m, _("has too many points: draw it with fewer"));
	if (m->sign < 0 && m->kind != SAM_POINT && m->kind != SAM_SCRIBBLE)
		return complain(error, m, _("cannot be negative: use a negative point or scribble"));
	if (m->sign < 0)
		return true;
	if (!has_area(m))
		return complain(error, m, _("has no area: draw it larger"));
	if (meets_image(m, image_w, image_h))
		return true;
	g_set_error(error, SAM_ERROR, SAM_ERROR_PROMPT,
	            _("The %s at %g,%g lies wholly outside the image of %d x %d pixels: mark something inside"),
	            kind_name(m->kind), m->xy[0], m->xy[1], image_w, image_h);
	return false;
}

bool sam_marks_check(const sam_mark *marks, guint n, int image_w, int image_h, GError **error)
{
	bool positive = false;
	if (image_w < 1 || image_h < 1) {
		g_set_error(error, SAM_ERROR, SAM_ERROR_PROMPT, _("An image of %d x %d pixels cannot be segmented"), image_w,
		            image_h);
		return false;
	}
	if (n > MARKS_MAX) {
		g_set_error(error, SAM_ERROR, SAM_ERROR_PROMPT, _("%u marks for one object are too many: at most %d"), n,
		            MARKS_MAX);
		return false;
	}
	for (guint i = 0; i < n; i++) {
		if (!mark_check(&marks[i], image_w, image_h, error))
			return false;
		positive = positive || marks[i].sign > 0;
	}
	if (!positive)
		g_set_error_literal(error, SAM_ERROR, SAM_ERROR_PROMPT,
		                    _("Nothing says what the object is: give at least one positive mark"));
	return positive;
}
