/* For the files of the edits. */
#pragma once
#include "app/edit/edit-shapes.h"
#include "render/geometry/shape-edit.h"
