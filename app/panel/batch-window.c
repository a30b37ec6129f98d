#include "app/panel/batch-window.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "app/conversation/conversation-json.h"
#include "app/document/document-batch.h"

enum { SEGMENT_EVERYTHING, SEGMENT_BOXES, DESCRIBE, ASK };
static const char *const tasks[] = {"segment-everything", "segment-boxes", "describe", "ask"};

struct _NadirBatchWindow {
	AdwWindow parent_instance;

	/* Template widgets */
	AdwComboRow *task, *images;
	AdwEntryRow *label, *question;
	GtkWidget *score_row;
	GtkSpinButton *score;
	GtkButton *start, *pause;
	GtkProgressBar *progress;
	GtkLabel *status;
	AdwPreferencesGroup *choices, *failures;

	/* Owned */
	NadirDocument *document;
	char *program, *device, *chat_model;
	char *folder, *run; /* of the run; run: its name in the project */
	GHashTable *ids;    /* path -> id of the images in it */
	GSubprocess *process;
	GDataInputStream *lines;
	GPtrArray *failed; /* of GtkWidget: rows, borrowed */

	guint done, failures_seen, objects, texts, taking;
	bool paused, stopped;
};

G_DEFINE_FINAL_TYPE(NadirBatchWindow, nadir_batch_window, ADW_TYPE_WINDOW)

static guint taken_signal;

/* --- what is chosen --- */

static guint chosen(NadirBatchWindow *w)
{
	return adw_combo_row_get_selected(w->task);
}

static const char *text_of(AdwEntryRow *row)
{
	return gtk_editable_get_text(GTK_EDITABLE(row));
}

static void offer(NadirBatchWindow *w)
{
	const bool runs = w->process != NULL, ask = chosen(w) == ASK;
	gtk_widget_set_visible(GTK_WIDGET(w->label), chosen(w) == SEGMENT_EVERYTHING);
	gtk_widget_set_visible(w->score_row, chosen(w) == SEGMENT_EVERYTHING);
	gtk_widget_set_visible(GTK_WIDGET(w->question), ask);
	gtk_widget_set_sensitive(GTK_WIDGET(w->choices), !runs);
	gtk_widget_set_sensitive(GTK_WIDGET(w->start), runs || !ask || *text_of(w->question));
	gtk_button_set_label(w->start, runs ? _("_Stop") : _("_Start"));
	gtk_widget_set_visible(GTK_WIDGET(w->pause), runs);
	gtk_button_set_label(w->pause, w->paused ? _("_Go On") : _("_Pause"));
	gtk_widget_set_visible(GTK_WIDGET(w->progress), runs);
}

static char *least_score(NadirBatchWindow *w)
{
	char text[G_ASCII_DTOSTR_BUF_SIZE];
	return g_strdup(g_ascii_formatd(text, sizeof text, "%.2f", gtk_spin_button_get_value(w->score)));
}

/* The same work has the same folder, so that it goes on instead of beginning again. */
static char *run_name(NadirBatchWindow *w)
{
	g_autofree char *score = least_score(w);
	g_autofree char *all =
		g_strjoin("\n", text_of(w->label), text_of(w->question), w->chat_model ? w->chat_model : "", score, NULL);
	g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_MD5, all, -1);
	return g_strdup_printf("%s-%.8s", tasks[chosen(w)], sum);
}

static char *folder_of(NadirBatchWindow *w, const char *run)
{
	const char *path = nadir_document_get_project_path(w->document);
	g_autofree char *stem = g_strndup(path, strlen(path) - (g_str_has_suffix(path, ".nadir.gpkg") ? 11 : 0));
	g_autofree char *base = g_strconcat(stem, ".nadir-batch", NULL);
	return g_build_filename(base, run, NULL);
}

/* --- what is told --- */

static void show_status(NadirBatchWindow *w)
{
	const guint n = w->ids ? g_hash_table_size(w->ids) : 0;
	const guint task = chosen(w);
	/* Only what the work is about. */
	g_autofree char *made = task == ASK        ? g_strdup_printf(_("%'u answers"), w->texts)
	                        : task == DESCRIBE ? g_strdup_printf(_("%'u captions"), w->texts)
	                                           : g_strdup_printf(_("%'u objects"), w->objects);
	g_autofree char *text = g_strdup_printf(_("%'u of %'u images · %s · %'u failed%s"), w->done, n, made,
	                                        w->failures_seen, w->paused ? _(" · paused") : "");
	gtk_progress_bar_set_fraction(w->progress, n > 0 ? (double)w->done / n : 0);
	gtk_label_set_text(w->status, text);
}

static void add_failure(NadirBatchWindow *w, const char *image, const char *why)
{
	GtkWidget *row = adw_action_row_new();
	g_autofree char *name = g_path_get_basename(image);
	adw_preferences_row_set_use_markup(ADW_PREFERENCES_ROW(row), FALSE);
	adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), name);
	adw_action_row_set_subtitle(ADW_ACTION_ROW(row), why);
	adw_preferences_group_add(w->failures, row);
	g_ptr_array_add(w->failed, row);
	gtk_widget_set_visible(GTK_WIDGET(w->failures), TRUE);
}

static void forget_failures(NadirBatchWindow *w)
{
	for (guint i = 0; i < w->failed->len; i++)
		adw_preferences_group_remove(w->failures, w->failed->pdata[i]);
	g_ptr_array_set_size(w->failed, 0);
	gtk_widget_set_visible(GTK_WIDGET(w->failures), FALSE);
}

/* --- the end --- */

static char *last_line(const char *path)
{
	g_autofree char *text = NULL;
	if (!g_file_get_contents(path, &text, NULL, NULL))
		return NULL;
	const char *at = strrchr(g_strchomp(text), '\n');
	return g_strdup(at ? at + 1 : text);
}

static void finish(NadirBatchWindow *w)
{
	g_autofree char *log = g_build_filename(w->folder, "log.txt", NULL), *why = last_line(log);
	const bool whole = g_subprocess_get_successful(w->process);
	show_status(w);
	if (!whole && why && *why && (w->failures_seen == 0 || w->stopped)) {
		g_autofree char *text = g_strdup_printf("%s\n%s", gtk_label_get_text(w->status), why);
		gtk_label_set_text(w->status, text);
	}
	g_clear_object(&w->process);
	g_clear_object(&w->lines);
	w->paused = false;
	offer(w);
}

static void finish_soon(NadirBatchWindow *w)
{
	if (w->process && !w->lines && w->taking == 0)
		finish(w);
}

static void on_exited(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(NadirBatchWindow) w = data;
	if (!g_subprocess_wait_finish(G_SUBPROCESS(source), result, NULL))
		return;
	g_clear_object(&w->lines);
	finish_soon(w);
}

/* --- one image --- */

static void on_taken(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(NadirBatchWindow) w = data;
	g_autoptr(GError) error = NULL;
	const int n = nadir_document_batch_take_finish(result, &error);
	w->taking--;
	if (error && !g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) { /* else the next run takes it */
		w->failures_seen++;
		add_failure(w, _("Its result"), error->message);
	}
	w->objects += n > 0 ? (guint)n : 0;
	w->texts += n == -1;
	if (n >= -1)
		g_signal_emit(w, taken_signal, 0);
	show_status(w);
	finish_soon(w);
}

static void take_line(NadirBatchWindow *w, const char *line)
{
	cJSON *o = cJSON_Parse(line);
	const char *image = cJSON_GetStringValue(cJSON_GetObjectItem(o, "image")),
			   *state = cJSON_GetStringValue(cJSON_GetObjectItem(o, "state")),
			   *path = cJSON_GetStringValue(cJSON_GetObjectItem(o, "result")),
			   *why = cJSON_GetStringValue(cJSON_GetObjectItem(o, "error"));
	const gint64 *id = image ? g_hash_table_lookup(w->ids, image) : NULL;
	if (id && state && path) {
		w->done++;
		if (g_str_equal(state, "failed")) {
			w->failures_seen++;
			add_failure(w, image, why ? why : "");
		} else {
			w->taking++;
			nadir_document_batch_take_async(w->document, *id, image, path, w->run,
			                                chosen(w) == ASK ? conversation_rows_from_result : NULL, on_taken,
			                                g_object_ref(w));
		}
	}
	cJSON_Delete(o);
	show_status(w);
}

static void on_line(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(NadirBatchWindow) w = data;
	g_autofree char *line = g_data_input_stream_read_line_finish(G_DATA_INPUT_STREAM(source), result, NULL, NULL);
	if (G_DATA_INPUT_STREAM(source) != w->lines)
		return;
	if (!line) { /* it has closed its end, and is about to go */
		g_subprocess_wait_async(w->process, NULL, on_exited, g_object_ref(w));
		return;
	}
	take_line(w, line);
	g_data_input_stream_read_line_async(w->lines, G_PRIORITY_DEFAULT, NULL, on_line, g_object_ref(w));
}

/* --- the beginning --- */

/* Texts are borrowed. */
static GPtrArray *arguments(NadirBatchWindow *w, const char *list, const char *score)
{
	GPtrArray *a = g_ptr_array_new();
	const guint task = chosen(w);
	const char *const always[] = {w->program, "batch",   list,       "--task", tasks[task],
	                              "-o",       w->folder, "--resume", "--lines"};
	for (guint i = 0; i < G_N_ELEMENTS(always); i++)
		g_ptr_array_add(a, (char *)always[i]);
	const struct {
		bool wanted;
		const char *option, *value;
	} some[] = {{task <= SEGMENT_BOXES, "--to", "pixel-geojson"},
	            {task == SEGMENT_EVERYTHING && *text_of(w->label), "--label", text_of(w->label)},
	            {task == SEGMENT_EVERYTHING, "--least-score", score},
	            {task == ASK, "--question", text_of(w->question)},
	            {w->device && *w->device, "--device", w->device},
	            {task >= DESCRIBE && w->chat_model && *w->chat_model, "--model", w->chat_model}};
	for (guint i = 0; i < G_N_ELEMENTS(some); i++) {
		if (!some[i].wanted)
			continue;
		g_ptr_array_add(a, (char *)some[i].option);
		g_ptr_array_add(a, (char *)some[i].value);
	}
	g_ptr_array_add(a, NULL);
	return a;
}

/* It does not outlive the window's process, paused or not: what it has done is there, and it can be gone on with. A
 * group of its own, because a paused process in a group without a shell ends the whole group. */
static void set_up_child(gpointer data)
{
	setpgid(0, 0);
#ifdef __linux__
	prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
}

static void begin(NadirBatchWindow *w, const char *list)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *score = least_score(w);
	g_autoptr(GPtrArray) a = arguments(w, list, score);
	g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE);
	g_autofree char *log = g_build_filename(w->folder, "log.txt", NULL);
	g_subprocess_launcher_set_stderr_file_path(launcher, log);
	g_subprocess_launcher_set_child_setup(launcher, set_up_child, NULL, NULL);
	w->process = g_subprocess_launcher_spawnv(launcher, (const char *const *)a->pdata, &error);
	if (!w->process) {
		gtk_label_set_text(w->status, error->message);
		return;
	}
	w->lines = g_data_input_stream_new(g_subprocess_get_stdout_pipe(w->process));
	w->stopped = false;
	g_data_input_stream_read_line_async(w->lines, G_PRIORITY_DEFAULT, NULL, on_line, g_object_ref(w));
	show_status(w);
	offer(w);
}

static void on_listed(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(NadirBatchWindow) w = data;
	g_autoptr(GError) error = NULL;
	g_autofree char *list = g_build_filename(w->folder, "images.jsonl", NULL);
	g_clear_pointer(&w->ids, g_hash_table_unref);
	w->ids = nadir_document_batch_list_finish(result, &error);
	w->done = w->failures_seen = w->objects = w->texts = 0;
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return; /* the document was closed */
	if (error)
		gtk_label_set_text(w->status, error->message);
	else if (g_hash_table_size(w->ids) == 0)
		gtk_label_set_text(w->status, chosen(w) == SEGMENT_BOXES ? _("No image of the project has an object yet.")
		                                                         : _("No image of the project is left to work on."));
	else
		begin(w, list);
}

static void on_start(NadirBatchWindow *w)
{
	if (w->process) {
		w->stopped = true;
		g_subprocess_send_signal(w->process, SIGTERM);
		g_subprocess_send_signal(w->process, SIGCONT); /* one that is paused hears nothing else */
		gtk_label_set_text(w->status, _("Stopping after this image…"));
		return;
	}
	if (!nadir_document_get_project_path(w->document)) {
		gtk_label_set_text(w->status, _("There is no project yet: accept an object, or open a folder of images."));
		return;
	}
	g_free(w->run);
	g_free(w->folder);
	w->run = run_name(w);
	w->folder = folder_of(w, w->run);
	forget_failures(w);
	if (g_mkdir_with_parents(w->folder, 0777) != 0) {
		g_autofree char *text = g_strdup_printf(_("%s cannot be made: %s."), w->folder, g_strerror(errno));
		gtk_label_set_text(w->status, text);
		return;
	}
	g_autofree char *list = g_build_filename(w->folder, "images.jsonl", NULL);
	const NadirBatchList which = {.open_only = adw_combo_row_get_selected(w->images) == 1,
	                              .boxes = chosen(w) == SEGMENT_BOXES};
	nadir_document_batch_list_async(w->document, list, which, on_listed, g_object_ref(w));
}

static void on_pause(NadirBatchWindow *w)
{
	if (!w->process)
		return;
	w->paused = !w->paused;
	g_subprocess_send_signal(w->process, w->paused ? SIGSTOP : SIGCONT);
	show_status(w);
	offer(w);
}

/* --- life --- */

const char *nadir_batch_window_get_project(NadirBatchWindow *w)
{
	g_return_val_if_fail(NADIR_IS_BATCH_WINDOW(w), NULL);
	return nadir_document_get_project_path(w->document);
}

void nadir_batch_window_set_document(NadirBatchWindow *w, NadirDocument *document)
{
	g_return_if_fail(NADIR_IS_BATCH_WINDOW(w));
	g_set_object(&w->document, document);
}

/* What is under way ends with its image; its results are taken when the same work is started again. */
static void nadir_batch_window_dispose(GObject *object)
{
	NadirBatchWindow *w = NADIR_BATCH_WINDOW(object);
	if (w->process) {
		g_subprocess_send_signal(w->process, SIGTERM);
		g_subprocess_send_signal(w->process, SIGCONT);
	}
	g_clear_object(&w->lines);
	g_clear_object(&w->process);
	g_clear_object(&w->document);
	G_OBJECT_CLASS(nadir_batch_window_parent_class)->dispose(object);
}

static void nadir_batch_window_finalize(GObject *object)
{
	NadirBatchWindow *w = NADIR_BATCH_WINDOW(object);
	char **texts[] = {&w->program, &w->device, &w->chat_model, &w->folder, &w->run};
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
		g_free(*texts[i]);
	g_clear_pointer(&w->ids, g_hash_table_unref);
	g_ptr_array_unref(w->failed);
	G_OBJECT_CLASS(nadir_batch_window_parent_class)->finalize(object);
}

#define BIND(name) gtk_widget_class_bind_template_child(widget_class, NadirBatchWindow, name)

static void nadir_batch_window_class_init(NadirBatchWindowClass *klass)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);
	G_OBJECT_CLASS(klass)->dispose = nadir_batch_window_dispose;
	G_OBJECT_CLASS(klass)->finalize = nadir_batch_window_finalize;
	taken_signal =
		g_signal_new("taken", NADIR_TYPE_BATCH_WINDOW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
	gtk_widget_class_set_template_from_resource(widget_class, "/io/github/nadir_workbench/Nadir/batch-window.ui");
	BIND(task);
	BIND(images);
	BIND(label);
	BIND(question);
	BIND(score_row);
	BIND(score);
	BIND(start);
	BIND(pause);
	BIND(progress);
	BIND(status);
	BIND(choices);
	BIND(failures);
	gtk_widget_class_bind_template_callback(widget_class, offer);
	gtk_widget_class_bind_template_callback(widget_class, on_start);
	gtk_widget_class_bind_template_callback(widget_class, on_pause);
	gtk_widget_class_add_binding_action(widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

#undef BIND

static void nadir_batch_window_init(NadirBatchWindow *w)
{
	gtk_widget_init_template(GTK_WIDGET(w));
	w->failed = g_ptr_array_new();
}

GtkWidget *nadir_batch_window_new(GtkWindow *parent, NadirDocument *document, const char *program, const char *device,
                                  const char *chat_model)
{
	NadirBatchWindow *w = g_object_new(NADIR_TYPE_BATCH_WINDOW, "transient-for", parent, NULL);
	w->document = g_object_ref(document);
	w->program = g_strdup(program);
	w->device = g_strdup(device);
	w->chat_model = g_strdup(chat_model);
	offer(w);
	return GTK_WIDGET(w);
}
