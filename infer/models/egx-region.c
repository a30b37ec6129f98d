/* Which marks can be regions. */
#include "infer/models/earthgpt-x.h"
#include <glib/gi18n-lib.h>
#include <math.h>

G_DEFINE_QUARK(egx_error_quark, egx_error)

egx_region egx_region_of_mark(const sam_mark *mark)
{
	static const egx_kind kinds[] = {[SAM_POINT] = EGX_POINT,
	                                 [SAM_BOX] = EGX_BOX,
	                                 [SAM_CIRCLE] = EGX_ELLIPSE,
	                                 [SAM_SCRIBBLE] = EGX_SCRIBBLE,
	                                 [SAM_POLYGON] = EGX_POLYGON};
	return (egx_region){.kind = kinds[mark->kind], .n = mark->n, .xy = mark->xy, .rx = mark->r, .ry = mark->r};
}

static bool complain(GError **error, uint32_t number, const char *reason)
{
	g_set_error(error, EGX_ERROR, EGX_ERROR_REGION, _("Region %u: %s"), number, reason);
	return false;
}

/* What promptable segmentation says of the same mark. */
static bool check_mark(uint32_t number, const sam_mark *m, int w, int h, GError **error)
{
	g_autoptr(GError) reason = NULL;
	return sam_marks_check(m, 1, w, h, &reason) || complain(error, number, reason->message);
}

/* An ellipse that is no circle is checked by its bounding box. */
static bool check_ellipse(const egx_region *r, uint32_t number, int w, int h, GError **error)
{
	if (!isfinite(r->rx) || !isfinite(r->ry) || r->rx <= 0 || r->ry <= 0)
		return complain(error, number, _("the ellipse has no area: draw it larger"));
	const double sides[] = {r->xy[0] - r->rx, r->xy[1] - r->ry, r->xy[0] + r->rx, r->xy[1] + r->ry};
	const sam_mark circle = {SAM_CIRCLE, 1, r->n, r->xy, r->rx}, box = {SAM_BOX, 1, 2, sides, 0};
	return check_mark(number, r->rx == r->ry ? &circle : &box, w, h, error);
}

static bool check_mask(const egx_region *r, uint32_t number, int w, int h, GError **error)
{
	for (size_t i = 0; r->mask && i < (size_t)w * (size_t)h; i++)
		if (r->mask[i])
			return true;
	return complain(error, number, _("its mask is empty: mark something inside the image"));
}

static bool check(const egx_region *r, uint32_t number, int w, int h, GError **error)
{
	static const sam_mark_kind kinds[] = {[EGX_POINT] = SAM_POINT,
	                                      [EGX_BOX] = SAM_BOX,
	                                      [EGX_ELLIPSE] = SAM_CIRCLE,
	                                      [EGX_POLYGON] = SAM_POLYGON,
	                                      [EGX_SCRIBBLE] = SAM_SCRIBBLE};
	if (r->kind == EGX_WHOLE)
		return true;
	if (r->kind == EGX_MASK)
		return check_mask(r, number, w, h, error);
	if (r->kind == EGX_ELLIPSE && r->n >= 1 && r->xy)
		return check_ellipse(r, number, w, h, error);
	const sam_mark m = {kinds[r->kind], 1, r->n, r->xy, r->rx};
	return check_mark(number, &m, w, h, error);
}

bool egx_regions_check(const egx_region *regions, uint32_t n, uint32_t most, int w, int h, GError **error)
{
	if (n > most) {
		g_set_error(error, EGX_ERROR, EGX_ERROR_REGION,
		            _("%u regions are too many for one question: the model takes at most %u, remove some"), n, most);
		return false;
	}
	for (uint32_t i = 0; i < n; i++) {
		if (regions[i].kind > EGX_WHOLE)
			return complain(error, i + 1, _("its kind is unknown"));
		if (!check(&regions[i], i + 1, w, h, error))
			return false;
	}
	return true;
}

void egx_region_digest(const egx_region *r, int w, int h, GChecksum *sum)
{
	const double head[4] = {r->kind, r->n, r->rx, r->ry};
	g_checksum_update(sum, (const guint8 *)head, sizeof head);
	if (r->xy)
		g_checksum_update(sum, (const guint8 *)r->xy, (gssize)(r->n * 2 * sizeof *r->xy));
	if (r->mask)
		g_checksum_update(sum, r->mask, (gssize)w * h);
}
