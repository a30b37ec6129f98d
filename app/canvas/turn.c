#include "app/canvas/turn.h"

#include <math.h>

void turn_sheet_size(double turn, int w, int h, int *sheet_w, int *sheet_h)
{
	const double c = fabs(cos(turn)), s = fabs(sin(turn));
	*sheet_w = turn == 0 ? w : (int)ceil(w * c + h * s - 1e-9);
	*sheet_h = turn == 0 ? h : (int)ceil(w * s + h * c - 1e-9);
}

static void rotate(double turn, double *x, double *y)
{
	const double c = cos(turn), s = sin(turn), old = *x;
	*x = old * c - *y * s;
	*y = old * s + *y * c;
}

void turn_vector_to_sheet(double turn, double *dx, double *dy)
{
	rotate(-turn, dx, dy);
}

void turn_to_sheet(double turn, int w, int h, double *x, double *y)
{
	int sw, sh;
	if (turn == 0)
		return;
	turn_sheet_size(turn, w, h, &sw, &sh);
	*x -= w / 2.0;
	*y -= h / 2.0;
	rotate(-turn, x, y);
	*x += sw / 2.0;
	*y += sh / 2.0;
}

void turn_from_sheet(double turn, int w, int h, double *x, double *y)
{
	int sw, sh;
	if (turn == 0)
		return;
	turn_sheet_size(turn, w, h, &sw, &sh);
	*x -= sw / 2.0;
	*y -= sh / 2.0;
	rotate(turn, x, y);
	*x += w / 2.0;
	*y += h / 2.0;
}

double turn_fit(double turn, int w, int h, double image_w, double image_h)
{
	int sw, sh;
	double across, down;
	turn_sheet_size(turn, w, h, &sw, &sh);
	const double k = fmin(sw / image_w, sh / image_h), c = fabs(cos(turn)), s = fabs(sin(turn));
	across = k * (image_w * c + image_h * s);
	down = k * (image_w * s + image_h * c);
	return fmin(w / across, h / down);
}

void turn_push(double turn, int w, int h, GtkSnapshot *snapshot)
{
	int sw, sh;
	gtk_snapshot_save(snapshot);
	if (turn == 0)
		return;
	turn_sheet_size(turn, w, h, &sw, &sh);
	gtk_snapshot_translate(snapshot, &GRAPHENE_POINT_INIT((float)(w / 2.0), (float)(h / 2.0)));
	gtk_snapshot_rotate(snapshot, (float)(turn * 180 / G_PI));
	gtk_snapshot_translate(snapshot, &GRAPHENE_POINT_INIT((float)(-sw / 2.0), (float)(-sh / 2.0)));
}

void turn_push_upright(double turn, double x, double y, GtkSnapshot *snapshot)
{
	gtk_snapshot_save(snapshot);
	if (turn == 0)
		return;
	gtk_snapshot_translate(snapshot, &GRAPHENE_POINT_INIT((float)x, (float)y));
	gtk_snapshot_rotate(snapshot, (float)(-turn * 180 / G_PI));
	gtk_snapshot_translate(snapshot, &GRAPHENE_POINT_INIT((float)-x, (float)-y));
}
