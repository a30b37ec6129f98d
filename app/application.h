/* The program with a window: options, settings, one inference service for all windows. */
#pragma once
#include <adwaita.h>
#include <stdbool.h>

#include "app/engine/chat-service.h"

G_BEGIN_DECLS

#define NADIR_APP_ID "io.github.nadir_workbench.Nadir"
#define NADIR_RESOURCE_PATH "/io/github/nadir_workbench/Nadir"

#define NADIR_TYPE_APPLICATION (nadir_application_get_type())
G_DECLARE_FINAL_TYPE(NadirApplication, nadir_application, NADIR, APPLICATION, AdwApplication)

/* Signals: "service-changed", when the service opened, failed to open, or was replaced by another; "chat-changed", when
 * another chat model was chosen: nadir_application_get_chat() gives others then. */
NadirApplication *nadir_application_new(void);
GSettings *nadir_application_get_settings(NadirApplication *app);
/* The service that new documents use; replaced when the device or the cache size changes. Old ones live until the
 * program ends, because documents borrow them. */
service *nadir_application_get_service(NadirApplication *app);
/* Why the service did not open: no Vulkan, no model; NULL while it opens or when it did. */
const GError *nadir_application_get_service_error(NadirApplication *app);
/* The chat model of a service; it opens at its first use. Borrowed until "chat-changed". */
chat_service *nadir_application_get_chat(NadirApplication *app, service *s);
/* The user asked for the device by option or setting: then "software" is a wish, no makeshift. */
bool nadir_application_has_chosen_device(NadirApplication *app);
/* Puts a file at the head of the recent ones, or takes one out that is gone. */
void nadir_application_add_recent(NadirApplication *app, GFile *file);
void nadir_application_remove_recent(NadirApplication *app, const char *uri);

/* Runs the window until it is closed; the process's exit status. */
int nadir_application_run(int argc, char **argv);

G_END_DECLS
