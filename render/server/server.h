/* The server of a shared project: a PostgreSQL database with PostGIS whose schema `nadir` holds the rows of a project
 * (sql/, docs/TEAMS.md). Every function waits for the network: worker threads only. A server belongs to one thread at a
 * time. Passwords are libpq's affair (PGPASSFILE, a service file); an address that holds one is refused. */
#pragma once
#include "render/store/team.h"

G_BEGIN_DECLS

enum { SERVER_SCHEMA = 3 };

#define SERVER_ERROR (server_error_quark())
GQuark server_error_quark(void);
typedef enum {
	SERVER_ERROR_ADDRESS, /* no address, or one with a password */
	SERVER_ERROR_AWAY,    /* not reached, or cut off: try again later */
	SERVER_ERROR_VERSION, /* another version of the schema */
	SERVER_ERROR_FAILED,
} server_error;

typedef struct server server;

bool server_is_address(const char *text); /* postgresql://… */
bool server_check_address(const char *address, GError **error) G_GNUC_WARN_UNUSED_RESULT;
char *server_name(const char *address); /* "survey on db.example.org", for people. Free with g_free. */

/* Makes the schema, or brings an older one to this version; one step a transaction. from: the version that was there,
 * 0: none. */
bool server_init(const char *address, int *from, GError **error) G_GNUC_WARN_UNUSED_RESULT;
server *server_open(const char *address, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void server_close(server *s);
const char *server_project(const server *s); /* id of the project that the database holds */
const char *server_user(const server *s);
const char *server_role(const server *s); /* "annotator" "reviewer" "owner" */

/* One transaction: carries rows (may be empty) over under a token, and brings what changed after version `known`, at
 * most `most` objects. On SERVER_ERROR_AWAY whether the rows arrived is not known: server_arrived() tells later. */
bool server_exchange(server *s, GPtrArray *rows, const char *token, gint64 known, int most, team_reply *reply,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The answers for rows that were carried over under the token; none when they did not arrive. */
bool server_arrived(server *s, const char *token, team_reply *reply, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Rounds with the server until both agree but for conflicts. changes: as team_finish(), NULL: not wanted. */
bool server_sync(server *s, project *p, team_counts *counts, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- who is there --- */

/* For a main loop to watch, and whether there was news; these two do not wait. */
int server_socket(const server *s);
bool server_heard(server *s);
/* `client` (a uuid of this window) looks at an image (its uid, NULL: none); holds for a minute. */
bool server_here(server *s, const char *client, const char *image, GError **error) G_GNUC_WARN_UNUSED_RESULT;
typedef struct {
	char *who, *image;    /* image: file name of what they look at; "" */
	int claimed, minutes; /* images they hold, and for how long still */
	bool here, me;
} server_person;
GPtrArray *server_people(server *s, const char *client,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT; /* of server_person */
/* The next n images that nobody holds become mine for some minutes; all of mine are free again. */
bool server_claim(server *s, int n, int minutes, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool server_release(server *s, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(server, server_close)

G_END_DECLS
