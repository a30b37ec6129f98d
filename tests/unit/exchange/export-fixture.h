/* What the exporters' tests share. */
#pragma once
#include "random-mask.h"
#include "render/exchange/export.h"
#include "sample-info.h"

typedef struct {
	sample_info *sample;
	georef *ref;
	GPtrArray *objects; /* feature */
	GPtrArray *masks;   /* bitmask of each */
	export_job job;
	char *folder;
} export_fixture;

/* n random objects on the image around (cx,cy); takes the sample over. */
export_fixture *export_fixture_new(sample_info *sample, guint n, int cx, int cy);
void export_fixture_free(export_fixture *f);
char *export_fixture_path(const export_fixture *f, const char *name);
/* Names of the files in the folder, sorted and joined by spaces. */
char *export_fixture_files(const export_fixture *f);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(export_fixture, export_fixture_free)
