/* Inside of the window, for its own files. */
#pragma once
#include "app/command/palette.h"
#include "app/document/document-history.h"
#include "app/team/team.h"
#include "app/window.h"
#include "app/workspace.h"

G_BEGIN_DECLS

struct _NadirWindow {
	AdwApplicationWindow parent_instance;

	/* Template widgets */
	AdwWindowTitle *title;
	AdwToastOverlay *toasts;
	GtkInfoBar *info_bar;
	GtkLabel *palette_key, *info_text;
	GtkButton *info_button; /* what can be done about it */
	GtkRevealer *bar;       /* the header bar, away on the full screen */
	GtkStack *stack;        /* empty, opening, image */
	GtkWidget *opening_box;
	GtkLabel *opening_text;
	GtkWidget *status_page;
	GtkListBox *recent_list;
	GtkWidget *recent_box;
	NadirWorkspace *work;
	GtkButton *undo_button, *redo_button;
	GtkMenuButton *chip;
	GtkLabel *chip_label;
	GtkImage *chip_icon;
	GtkLabel *chip_details;
	GMenu *recent_menu, *primary_menu;

	/* Owned references */
	NadirDocument *document;
	GSignalGroup *document_signals;
	GCancellable *opening;       /* of the file being opened */
	GCancellable *second_cancel; /* of the second view being opened; window-second.c */
	GtkFileChooserNative *second_chooser;
	gboolean second_beside;
	guint second_turn; /* which bands come next */
	GFile *file;       /* what is open or being opened */
	char *collected;   /* the list or data set that its project was made of; NULL: none */
	GtkFileChooserNative *chooser;
	service *service;                      /* what the document was opened with */
	GtkWindow *history;                    /* of the document; NULL: not open. Weak. */
	NadirTeam *team;                       /* of the document; NULL: none */
	GtkWindow *team_window, *batch_window; /* NULL: not open. Weak. */
	guint team_decisions;                  /* that the user was told of */
	gboolean confirmed;                    /* may close, and lose what could not be stored */
	gboolean told_software;                /* the notice about a software device was shown */
	guint opening_source;                  /* shows the spinner when opening takes a while */
	struct window_review *review;          /* window-review.c; NULL: marking */
	GCancellable *going;                   /* to another image of the project; owned; window-images.c */
	gint64 wanted_image;                   /* on its way; 0: none */
	int table_height;                      /* of the attribute table when it was last seen */
	gboolean images_hidden;                /* the list of images was closed by hand */
};

/* window.c: action: what the bar offers to do about it ("win.retry"), or NULL */
void nadir_window_show_message(NadirWindow *self, GtkMessageType type, const char *sentence, const char *action);
/* window-actions.c; text: what the file could not hold, or "" */
void nadir_window_show_exported(NadirWindow *self, const char *path, const char *text);
void nadir_window_install_actions(NadirWindow *self);
void nadir_window_update_actions(NadirWindow *self);
/* window-edit.c */
void nadir_window_install_edit_actions(NadirWindow *self);
void nadir_window_update_edit_actions(NadirWindow *self);
void nadir_window_install_clipboard_actions(NadirWindow *self);
void nadir_window_update_clipboard_actions(NadirWindow *self);
void nadir_window_delete_selected(NadirWindow *self);
void nadir_window_apply_class(NadirWindow *self, int index); /* to all that is selected */
/* window-view.c */
void nadir_window_install_view_actions(NadirWindow *self);
void nadir_window_update_view_actions(NadirWindow *self);
/* window-visibility.c */
void nadir_window_install_visibility(NadirWindow *self);
void nadir_window_update_visibility(NadirWindow *self);
/* window-second.c */
void nadir_window_install_second(NadirWindow *self);
void nadir_window_update_second(NadirWindow *self);
void nadir_window_close_second(NadirWindow *self);
/* window-open.c */
void nadir_window_setup_open(NadirWindow *self);               /* drag and drop, recent files */
void nadir_window_open_beside(NadirWindow *self, GFile *file); /* here when empty, else in another window */
void nadir_window_choose_file(NadirWindow *self);
void nadir_window_choose_save_as(NadirWindow *self);
void nadir_window_reload(NadirWindow *self); /* the same file once more, with the current service */
void nadir_window_set_document(NadirWindow *self, NadirDocument *document);
/* window-project.c: repaired copy, history */
void nadir_window_install_project_actions(NadirWindow *self);
void nadir_window_update_project_actions(NadirWindow *self);
void nadir_window_close_history(NadirWindow *self);
/* window-images.c */
void nadir_window_install_images(NadirWindow *self);
void nadir_window_update_images(NadirWindow *self);
bool nadir_window_is_collection(GFile *file); /* a folder, list or data set: many images */
/* Makes or completes its project in a thread; g_task_propagate_pointer() gives its path, to be freed with g_free. */
void nadir_window_collect(GFile *file, GCancellable *cancel, GAsyncReadyCallback done, void *data);
/* window-team.c */
void nadir_window_install_team_actions(NadirWindow *self);
void nadir_window_update_team_actions(NadirWindow *self);
void nadir_window_follow_team(NadirWindow *self); /* of the document that is shown now */
void nadir_window_open_shared(NadirWindow *self, const char *address);
/* window-sheet.c: the view as PNG, PDF or SVG */
void nadir_window_choose_sheet(NadirWindow *self);
void nadir_window_change_document(NadirWindow *self, NadirDocument *document); /* the same, and a review goes on */
/* window-review.c */
void nadir_window_setup_review(NadirWindow *self);
void nadir_window_leave_review(NadirWindow *self);
void nadir_window_update_review(NadirWindow *self);    /* which of its actions can be done */
void nadir_window_refresh_review(NadirWindow *self);   /* reads the project again, when one is reviewed */
char *nadir_window_describe_review(NadirWindow *self); /* for the title; NULL: marking */
/* window-status.c */
void nadir_window_update_title(NadirWindow *self);
void nadir_window_update_chip(NadirWindow *self);
void nadir_window_update_busy(NadirWindow *self);

G_END_DECLS
