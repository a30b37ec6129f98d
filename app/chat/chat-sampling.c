#include "app/chat/chat-sampling.h"

#include <adwaita.h>

struct _NadirChatSampling {
	GtkWidget parent_instance;

	/* Template widgets */
	GtkSpinButton *temperature, *top_p, *top_k, *min_p, *repeat_penalty, *max_tokens, *seed;
	GtkWidget *reset;

	/* Owned references */
	NadirChat *chat;
	GSignalGroup *signals;

	guint store_source; /* a number is turned through many values: written down once it rests */
	gboolean loading;
};

G_DEFINE_FINAL_TYPE(NadirChatSampling, nadir_chat_sampling, GTK_TYPE_WIDGET)

static void keep(NadirChatSampling *self)
{
	conversation_settings s = nadir_chat_get_open(self->chat)->settings;
	g_clear_handle_id(&self->store_source, g_source_remove);
	s.temperature = gtk_spin_button_get_value(self->temperature);
	s.top_p = gtk_spin_button_get_value(self->top_p);
	s.top_k = (guint)gtk_spin_button_get_value_as_int(self->top_k);
	s.min_p = gtk_spin_button_get_value(self->min_p);
	s.repeat_penalty = gtk_spin_button_get_value(self->repeat_penalty);
	s.max_tokens = (guint)gtk_spin_button_get_value_as_int(self->max_tokens);
	s.seed = (guint64)gtk_spin_button_get_value_as_int(self->seed);
	nadir_chat_set_settings(self->chat, &s);
}

static gboolean store_now(gpointer data)
{
	NadirChatSampling *self = data;
	self->store_source = 0;
	keep(self);
	return G_SOURCE_REMOVE;
}

static void on_changed(NadirChatSampling *self)
{
	if (self->loading || !self->chat)
		return;
	g_clear_handle_id(&self->store_source, g_source_remove);
	self->store_source = g_timeout_add(400, store_now, self);
}

static void show(NadirChatSampling *self, const conversation_settings *s)
{
	self->loading = TRUE;
	gtk_spin_button_set_value(self->temperature, s->temperature);
	gtk_spin_button_set_value(self->top_p, s->top_p);
	gtk_spin_button_set_value(self->top_k, s->top_k);
	gtk_spin_button_set_value(self->min_p, s->min_p);
	gtk_spin_button_set_value(self->repeat_penalty, s->repeat_penalty);
	gtk_spin_button_set_value(self->max_tokens, s->max_tokens);
	gtk_spin_button_set_value(self->seed, (double)s->seed);
	self->loading = FALSE;
}

static void on_reset(NadirChatSampling *self)
{
	const conversation_settings s = conversation_settings_default();
	show(self, &s);
	on_changed(self);
}

static void follow(NadirChatSampling *self)
{
	if (self->chat && !self->store_source)
		show(self, &nadir_chat_get_open(self->chat)->settings);
}

/* What was just set belongs to the conversation that was open then. */
static void on_unmap(NadirChatSampling *self)
{
	if (self->store_source && self->chat)
		keep(self);
}

void nadir_chat_sampling_set_chat(NadirChatSampling *self, NadirChat *session)
{
	g_return_if_fail(NADIR_IS_CHAT_SAMPLING(self));
	on_unmap(self);
	g_set_object(&self->chat, session);
	g_signal_group_set_target(self->signals, session);
	follow(self);
}

static void nadir_chat_sampling_dispose(GObject *object)
{
	NadirChatSampling *self = NADIR_CHAT_SAMPLING(object);
	GtkWidget *child;
	g_clear_handle_id(&self->store_source, g_source_remove);
	g_clear_object(&self->signals);
	g_clear_object(&self->chat);
	while ((child = gtk_widget_get_first_child(GTK_WIDGET(self))))
		gtk_widget_unparent(child);
	G_OBJECT_CLASS(nadir_chat_sampling_parent_class)->dispose(object);
}

static void nadir_chat_sampling_class_init(NadirChatSamplingClass *klass)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);
	G_OBJECT_CLASS(klass)->dispose = nadir_chat_sampling_dispose;
	gtk_widget_class_set_template_from_resource(widget_class, "/io/github/nadir_workbench/Nadir/chat-sampling.ui");
	gtk_widget_class_bind_template_child(widget_class, NadirChatSampling, temperature);
	gtk_widget_class_bind_template_child(widget_class, NadirChatSampling, top_p);
	gtk_widget_class_bind_template_child(widget_class, NadirChatSampling, top_k);
	gtk_widget_class_bind_template_child(widget_class, NadirChatSampling, min_p);
	gtk_widget_class_bind_template_child(widget_class, NadirChatSampling, repeat_penalty);
	gtk_widget_class_bind_template_child(widget_class, NadirChatSampling, max_tokens);
	gtk_widget_class_bind_template_child(widget_class, NadirChatSampling, seed);
	gtk_widget_class_bind_template_child(widget_class, NadirChatSampling, reset);
	gtk_widget_class_bind_template_callback(widget_class, on_changed);
	gtk_widget_class_bind_template_callback(widget_class, on_reset);
	gtk_widget_class_set_layout_manager_type(widget_class, GTK_TYPE_BOX_LAYOUT);
}

static void nadir_chat_sampling_init(NadirChatSampling *self)
{
	gtk_widget_init_template(GTK_WIDGET(self));
	self->signals = g_signal_group_new(NADIR_TYPE_CHAT);
	g_signal_group_connect_swapped(self->signals, "path-changed", G_CALLBACK(follow), self);
	g_signal_connect(self, "unmap", G_CALLBACK(on_unmap), NULL);
}
