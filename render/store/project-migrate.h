/* Projects of earlier versions, for the project's own files. */
#pragma once
#include "render/store/project-private.h"

G_BEGIN_DECLS

enum { PROJECT_SCHEMA = 3 };

/* The statements that bring tables from a version to the present one; in the caller's transaction. */
bool project_migrate_tables(GDALDatasetH ds, int from);
/* The whole project, in one transaction of its own. */
bool project_migrate(project *p, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
