#include "app/command/actions.h"

#include <glib/gi18n.h>
#include <string.h>

#include "app/command/keymap.h"

#define FILES N_("File")
#define EDIT N_("Edit")
#define SHAPE N_("Shape")
#define MARK N_("Mark")
#define CHAT N_("Chat")
#define REVIEW N_("Review")
#define CLASSES N_("Classes")
#define VIEW N_("View")
#define HELP N_("Program")

/* clang-format off */
static const nadir_action table[] = {
	{"win.open", N_("Open…"), "<Control>o", FILES, N_("image raster file project")},
	{"win.open-folder", N_("Open a Folder of Images…"), "<Alt>u", FILES, N_("directory data set dataset many")},
	{"win.open-shared", N_("Open Shared Project…"), "<Control><Alt>p", FILES, N_("team server postgis database address")},
	{"win.team", N_("Team…"), "<Control><Alt>m", FILES, N_("shared sync people claim conflicts decisions merge presence")},
	{"win.open-sample", N_("Open the Sample Image"), "<Control><Shift>o", FILES, N_("try example demo")},
	{"win.save-as", N_("Save Project As…"), "<Control><Shift>s", FILES, N_("move copy gpkg")},
	{"win.save-repaired", N_("Save Repaired Copy…"), "<Control><Alt>s", FILES, N_("damaged corrupt salvage rescue project")},
	{"win.export", N_("Export…"), "<Control>e", FILES, N_("shapefile geojson geopackage coco mask")},
	{"win.export-view", N_("Export the View…"), "<Control><Shift>e", FILES, N_("print pdf svg png map sheet legend scale")},
	{"win.images", N_("List of Images"), "<Shift>F9", FILES, N_("project panel thumbnails data set")},
	{"win.find-image", N_("Find an Image"), "<Control><Alt>f", FILES, N_("search name list")},
	{"win.add-images", N_("Add Images to the Project…"), "<Control><Alt>i", FILES, N_("list data set coco yolo labelme stac")},
	{"win.add-folder", N_("Add a Folder to the Project…"), "<Control><Alt>u", FILES, N_("directory images data set")},
	{"win.import", N_("Import Objects…"), "<Control><Shift>i", FILES, N_("labels shapefile geojson coco yolo labelme voc dota mask")},
	{"win.import-labels", N_("Import Its Labels"), "<Control><Shift>l", FILES, N_("data set coco yolo labelme")},
	{"win.batch", N_("Work on Many Images…"), "<Control><Alt>b", FILES, N_("batch queue segment everything describe ask all")},
	{"win.next-image::any", N_("Next Image"), "d|Page_Down", FILES, N_("list go")},
	{"win.previous-image::any", N_("Previous Image"), "a|Page_Up", FILES, N_("list go")},
	{"win.next-image::unreviewed", N_("Next Unreviewed Image"), "<Control><Alt>Page_Down|<Alt>d", FILES, N_("list new in work")},
	{"win.previous-image::unreviewed", N_("Previous Unreviewed Image"), "<Control><Alt>Page_Up|<Alt>a", FILES, N_("list new in work")},
	{"win.image-state::done", N_("Image Is Done"), "<Control><Alt>k", FILES, N_("checked finished reviewed mark")},
	{"win.image-state::flagged", N_("Flag the Image"), "<Control><Alt>g", FILES, N_("doubt mark look again")},
	{"win.close", N_("Close Window"), "<Control>w", FILES, NULL},
	{"app.quit", N_("Quit"), "<Control>q", FILES, N_("exit")},

	{"win.undo", N_("Undo"), "<Control>z", EDIT, NULL},
	{"win.redo", N_("Redo"), "<Control><Shift>z|<Control>y", EDIT, NULL},
	{"win.history", N_("History…"), "<Control>h", EDIT, N_("steps undo redo jump back time")},
	{"win.rename", N_("Change Class of Selected Object"), "F2", EDIT, N_("rename relabel label")},
	{"win.edit-again", N_("Edit Marks of Selected Object"), "<Shift>m", EDIT, N_("again correct prompt change mask")},
	{"win.retry", N_("Try Again"), "<Shift>F5", EDIT, N_("store failed unsaved draft")},
	{"win.delete", N_("Delete Selected Object"), "Delete|KP_Delete", EDIT, N_("remove")},
	{"win.next-object", N_("Next Object"), "n", EDIT, N_("select")},
	{"win.previous-object", N_("Previous Object"), "<Shift>n", EDIT, N_("select")},
	{"win.show-object", N_("Zoom to Selected Object"), "z", EDIT, N_("show find go")},
	{"win.select-all", N_("Select All Objects"), "<Control>a", EDIT, N_("every")},
	{"win.select-invert", N_("Invert the Selection"), "<Control>i", EDIT, N_("other objects")},
	{"win.hide-objects", N_("Hide Selected Objects"), "<Alt>h", EDIT, N_("invisible eye conceal")},
	{"win.isolate", N_("Show Only the Selected Objects"), "<Alt>j", EDIT, N_("isolate solo hide others alone")},
	{"win.show-all", N_("Show All Objects"), "<Alt><Shift>h", EDIT, N_("hidden unhide visible isolate end")},
	{"win.lock-objects", N_("Lock or Unlock Selected Objects"), "<Alt>l", EDIT, N_("protect freeze pin")},
	{"win.unlock-all", N_("Unlock All Objects"), "<Alt><Shift>l", EDIT, N_("locked release")},
	{"win.deselect", N_("Deselect"), "<Control><Shift>a", EDIT, N_("none")},

	{"win.unite", N_("Unite Selected Objects"), "u", SHAPE, N_("union merge join dissolve")},
	{"win.subtract", N_("Subtract From Selected Object"), "<Shift>u", SHAPE, N_("difference cut away erase")},
	{"win.intersect", N_("Intersect Selected Objects"), "<Control>u", SHAPE, N_("common overlap and")},
	{"win.tool::split", N_("Split by a Line"), "x", SHAPE, N_("tool cut knife divide slice")},
	{"win.tool::hole", N_("Cut a Hole"), "q", SHAPE, N_("tool ring inner courtyard")},
	{"win.fill-holes", N_("Fill Holes…"), "<Shift>h", SHAPE, N_("ring close inner")},
	{"win.smooth", N_("Smooth…"), "<Shift>s", SHAPE, N_("outline curve round stairs")},
	{"win.simplify", N_("Simplify…"), "<Shift>d", SHAPE, N_("fewer vertices generalise douglas peucker")},
	{"win.square", N_("Right Angles…"), "<Shift>r", SHAPE, N_("orthogonalise building regularise corners")},
	{"win.grow", N_("Grow or Shrink…"), "<Shift>b", SHAPE, N_("buffer expand contract metres")},
	{"win.meet", N_("Fill to Neighbour…"), "<Shift>f", SHAPE, N_("gap border snap share overlap")},
	{"win.search::view", N_("Segment Everything in View"), "<Shift>e", SHAPE, N_("all objects automatic find")},
	{"win.search::image", N_("Segment Everything in the Image"), "<Shift>g", SHAPE, N_("all objects automatic find whole")},
	{"win.search::similar", N_("Find Similar Objects in View"), "<Shift>l", SHAPE, N_("like same search count")},
	{"win.search::similar-image", N_("Find Similar Objects in the Image"), "<Control><Shift>f", SHAPE, N_("like same search count whole")},
	{"win.stop-search", N_("Stop the Search"), "<Shift>F8", SHAPE, N_("cancel everything similar")},
	{"win.keep-found", N_("Keep What Was Found as Drafts"), "<Control>Return", SHAPE, N_("accept everything similar")},
	{"win.drop-found", N_("Drop What Was Found"), "<Shift>Delete", SHAPE, N_("discard everything similar")},
	{"win.turn-left", N_("Turn Selected Objects Left"), "<Control>bracketleft", SHAPE, N_("rotate")},
	{"win.turn-right", N_("Turn Selected Objects Right"), "<Control>bracketright", SHAPE, N_("rotate")},
	{"win.enlarge", N_("Enlarge Selected Objects"), "<Control><Shift>Up", SHAPE, N_("scale bigger")},
	{"win.reduce", N_("Reduce Selected Objects"), "<Control><Shift>Down", SHAPE, N_("scale smaller")},
	{"win.move::left", N_("Move Selected Objects Left"), "<Control>Left", SHAPE, N_("nudge shift")},
	{"win.move::right", N_("Move Selected Objects Right"), "<Control>Right", SHAPE, N_("nudge shift")},
	{"win.move::up", N_("Move Selected Objects Up"), "<Control>Up", SHAPE, N_("nudge shift")},
	{"win.move::down", N_("Move Selected Objects Down"), "<Control>Down", SHAPE, N_("nudge shift")},
	{"win.tool::vertex", N_("Edit Vertices"), "j", SHAPE, N_("tool corner node outline snap move rotate scale")},
	{"win.duplicate", N_("Duplicate"), "<Control>d", SHAPE, N_("copy clone")},
	{"win.copy", N_("Copy Objects as GeoJSON"), "<Control>c", SHAPE, N_("clipboard")},
	{"win.copy-wkt", N_("Copy Objects as WKT"), "<Control><Shift>x", SHAPE, N_("clipboard")},
	{"win.paste", N_("Paste Shapes"), "<Control>v", SHAPE, N_("clipboard geojson wkt qgis")},

	{"win.tool::select", N_("Select and Pan"), "v", MARK, N_("tool hand move")},
	{"win.tool::point", N_("Point"), "p", MARK, N_("tool click")},
	{"win.tool::box", N_("Box"), "b", MARK, N_("tool rectangle")},
	{"win.tool::circle", N_("Circle"), "c", MARK, N_("tool round")},
	{"win.tool::scribble", N_("Scribble"), "s", MARK, N_("tool stroke line")},
	{"win.tool::polygon", N_("Polygon by Hand"), "g", MARK, N_("tool draw outline")},
	{"win.tool::brush", N_("Brush and Eraser"), "e", MARK, N_("tool correct add erase paint")},
	{"win.accept", N_("Accept the Preview"), "Return|KP_Enter", MARK, N_("keep store")},
	{"win.next-candidate", N_("Next Candidate"), "Tab", MARK, N_("other mask")},
	{"win.previous-candidate", N_("Previous Candidate"), "<Shift>Tab|<Shift>ISO_Left_Tab", MARK, N_("other mask")},
	{"win.undo-mark", N_("Take Back the Last Mark"), "BackSpace", MARK, NULL},
	{"win.drop", N_("Drop the Preview"), "Escape", MARK, N_("cancel discard")},
	{"win.cursor", N_("Draw With the Keyboard"), "y", MARK, N_("crosshair arrows without mouse")},
	{"win.brush-smaller", N_("Smaller Brush"), "comma", MARK, N_("radius")},
	{"win.brush-larger", N_("Larger Brush"), "period", MARK, N_("radius")},
	{"win.cancel-encode", N_("Stop Encoding"), "<Control>F8", MARK, N_("cancel")},

	{"win.chat", N_("Ask About the Image"), "slash|KP_Divide", CHAT, N_("chat question talk model")},
	{"win.chat-send", N_("Send the Question"), "<Alt>Return", CHAT, N_("ask")},
	{"win.segment-text", N_("Segment by Words"), "t", CHAT, N_("tool text phrase find grounding")},
	{"win.chat-region", N_("Talk About the Marks or the Selected Object"), "<Alt>m|m", CHAT, N_("region add mention")},
	{"win.chat-quick::describe", N_("Ask: Describe"), "F3", CHAT, N_("caption question ready")},
	{"win.chat-quick::what", N_("Ask: What Is This?"), "F4", CHAT, N_("classify question ready")},
	{"win.chat-quick::compare", N_("Ask: Compare"), "F5", CHAT, N_("relation regions question ready")},
	{"win.chat-quick::count", N_("Ask: Count"), "F6", CHAT, N_("how many question ready")},
	{"win.chat-quick::segment", N_("Ask: Segment All"), "F7", CHAT, N_("masks ground find question ready")},
	{"win.chat-stop", N_("Stop the Reply"), "F8", CHAT, N_("cancel")},
	{"win.chat-again", N_("Answer Again"), "<Control>r", CHAT, N_("regenerate retry")},
	{"win.chat-continue", N_("Continue the Reply"), "F12", CHAT, N_("go on more")},
	{"win.chat-edit", N_("Edit the Last Question"), "<Alt>Up", CHAT, N_("change rewrite branch")},
	{"win.chat-edit-reply", N_("Word the Last Reply Anew"), "<Alt>Down", CHAT, N_("edit correct answer review")},
	{"win.chat-branch::previous", N_("Previous Version"), "<Alt>Left", CHAT, N_("branch answer")},
	{"win.chat-branch::next", N_("Next Version"), "<Alt>Right", CHAT, N_("branch answer")},
	{"win.chat-accept", N_("Add What Was Found as Objects"), "<Alt>o|o", CHAT, N_("keep grounded masks")},
	{"win.chat-keep", N_("Keep the Reply as Caption"), "<Alt>k|k", CHAT, N_("attribute describe store")},
	{"win.chat-copy", N_("Copy the Last Reply"), "<Alt>c", CHAT, N_("clipboard")},
	{"win.chat-new", N_("New Conversation"), "<Control>n", CHAT, N_("begin chat")},
	{"win.chat-conversations", N_("Conversations…"), "<Control>l", CHAT, N_("find search list chat")},
	{"win.chat-rename", N_("Rename Conversation…"), "<Shift>F2", CHAT, N_("title name chat")},
	{"win.chat-delete", N_("Delete Conversation"), "<Alt>Delete", CHAT, N_("remove chat")},
	{"win.chat-export", N_("Export Conversation…"), "<Alt>e", CHAT, N_("json triples training chat")},
	{"win.chat-settings", N_("Answer Settings…"), "<Alt>comma", CHAT, N_("temperature top-p seed sampling chat")},
	{"win.chat-card", N_("About the Chat Model"), "<Alt>i", CHAT, N_("card limits good at what can it do")},
	{"win.chat-model", N_("Choose Chat Model…"), "<Alt>g", CHAT, N_("gguf language file")},

	{"win.review", N_("Review Objects"), "r", REVIEW, N_("queue accept reject check mode")},
	{"win.statistics", N_("Statistics of the Review…"), "<Alt>r", REVIEW, N_("progress pace acceptance confusion agreement kappa plots report pdf csv")},
	{"win.review-decide::accepted", N_("Review: Accept"), "a", REVIEW, N_("keep right")},
	{"win.review-decide::rejected", N_("Review: Reject"), "x", REVIEW, N_("wrong")},
	{"win.review-decide::skipped", N_("Review: Skip"), "space", REVIEW, N_("later")},
	{"win.review-decide::flagged", N_("Review: Flag"), "f", REVIEW, N_("doubt another look")},
	{"win.review-back", N_("Review: Back"), "BackSpace", REVIEW, N_("take back undo decision previous")},
	{"win.review-fix", N_("Review: Fix the Outline"), "e", REVIEW, N_("edit correct brush")},
	{"win.review-fixed", N_("Review: Accept What Was Fixed"), "Return", REVIEW, NULL},
	{"win.review-comment", N_("Review: Comment"), "c", REVIEW, N_("note word")},
	{"win.review-caption", N_("Review: Edit the Caption"), "k", REVIEW, N_("text answer describe")},
	{"win.review-image-caption", N_("Review: Edit the Image's Caption"), "<Shift>k", REVIEW, N_("text describe picture")},
	{"win.review-answers", N_("Review: Edit the Model's Answers"), "<Alt>k", REVIEW, N_("replies conversation questions text")},
	{"win.review-before", N_("Review: Before and After"), "grave", REVIEW, N_("toggle hide original outline")},
	{"win.review-threshold", N_("Review: Score Threshold"), "t", REVIEW, N_("histogram confidence all")},
	{"win.review-filter", N_("Review: Filter…"), "q", REVIEW, N_("queue class score source")},
	{"win.review-take::first", N_("Review: Take the First Set's"), "bracketleft", REVIEW, N_("annotator agreement pair")},
	{"win.review-take::second", N_("Review: Take the Second Set's"), "bracketright", REVIEW, N_("annotator agreement pair")},
	{"win.review-confused::1", N_("Review: The Class Most Often Taken for It"), "<Alt>1", REVIEW, N_("relabel confusion hot")},
	{"win.review-leave", N_("Leave Review"), "Escape", REVIEW, N_("end marking")},

	{"win.class::1", N_("First Class"), "1|KP_1", CLASSES, NULL},
	{"win.class::2", N_("Second Class"), "2|KP_2", CLASSES, NULL},
	{"win.class::3", N_("Third Class"), "3|KP_3", CLASSES, NULL},
	{"win.class::4", N_("Fourth Class"), "4|KP_4", CLASSES, NULL},
	{"win.class::5", N_("Fifth Class"), "5|KP_5", CLASSES, NULL},
	{"win.class::6", N_("Sixth Class"), "6|KP_6", CLASSES, NULL},
	{"win.class::7", N_("Seventh Class"), "7|KP_7", CLASSES, NULL},
	{"win.class::8", N_("Eighth Class"), "8|KP_8", CLASSES, NULL},
	{"win.class::9", N_("Ninth Class"), "9|KP_9", CLASSES, NULL},
	{"win.class::0", N_("Tenth Class"), "0|KP_0", CLASSES, NULL},
	{"win.select-where", N_("Select Objects by Condition…"), "<Control><Alt>w", CLASSES, N_("expression filter sql where score area attribute query")},
	{"win.edit-class", N_("Edit the Current Class and Its Attributes…"), "<Control><Alt>a", CLASSES, N_("hierarchy parent kind fields")},
	{"win.select-class", N_("Select the Objects of the Current Class"), "<Control><Alt>j", CLASSES, N_("all kind children")},
	{"win.hide-class", N_("Hide or Show the Current Class"), "<Control><Alt>h", CLASSES, N_("invisible eye objects")},
	{"win.lock-class", N_("Lock or Unlock the Current Class"), "<Control><Alt>l", CLASSES, N_("protect freeze objects")},
	{"win.add-class", N_("Add Class…"), "<Control><Shift>n", CLASSES, N_("new label")},

	{"win.zoom-in", N_("Zoom In"), "plus|equal|KP_Add|<Control>plus|<Control>equal", VIEW, NULL},
	{"win.zoom-out", N_("Zoom Out"), "minus|KP_Subtract|<Control>minus", VIEW, NULL},
	{"win.zoom-one", N_("One Image Pixel per Screen Pixel"), "<Control>0", VIEW, N_("1:1 100 % original zoom")},
	{"win.zoom-fit", N_("Fit the Image in the Window"), "f", VIEW, N_("zoom whole all")},
	{"win.turn-view::-15", N_("Turn the View Left"), "<Alt>bracketleft", VIEW, N_("rotate anticlockwise counterclockwise angle")},
	{"win.turn-view::15", N_("Turn the View Right"), "<Alt>bracketright", VIEW, N_("rotate clockwise angle")},
	{"win.turn-view::0", N_("Level the View"), "<Alt>backslash", VIEW, N_("rotate reset north up straight angle")},
	{"win.hide-masks", N_("Hide All Masks"), "h", VIEW, N_("show objects hold")},
	{"win.opacity-down", N_("More Transparent Masks"), "bracketleft", VIEW, N_("opacity")},
	{"win.opacity-up", N_("More Opaque Masks"), "bracketright", VIEW, N_("opacity")},
	{"win.style", N_("Bands and Stretch…"), "<Control>b", VIEW, N_("composite contrast gamma percentile db sar")},
	{"win.page::objects", N_("Show Objects"), "<Alt>1", VIEW, N_("sidebar list")},
	{"win.page::chat", N_("Show Chat"), "<Alt>2", VIEW, N_("sidebar talk")},
	{"win.page::image", N_("Show Image Information"), "<Alt>3", VIEW, N_("sidebar crs bands size")},
	{"win.find", N_("Find Objects"), "<Control>f", VIEW, N_("filter search list")},
	{"win.table", N_("Attribute Table"), "<Control>t", VIEW, N_("list rows columns sort filter spreadsheet objects")},
	{"win.sidebar", N_("Sidebar"), "F9", VIEW, N_("panel hide show")},
	{"win.fullscreen", N_("Full Screen"), "F11", VIEW, NULL},
	{"win.go-to", N_("Go to a Place or Bookmark…"), "<Control>g", VIEW, N_("coordinate latitude longitude position find")},
	{"win.bookmark", N_("Keep the View as a Bookmark"), "<Control><Shift>d", VIEW, N_("place remember")},
	{"win.navigator", N_("Navigator"), "<Alt>n", VIEW, N_("overview map small frame")},
	{"win.pixel-grid", N_("Pixel Grid at High Zoom"), "<Shift>p", VIEW, N_("lines raster")},
	{"win.measure", N_("Measure Distance and Area"), "<Control><Shift>m", VIEW, N_("length ruler geodesic")},
	{"win.second-image", N_("Compare with an Image…"), "<Control><Alt>c", VIEW, N_("second view swipe side by side linked")},
	{"win.second-bands", N_("Compare with Other Bands"), "<Control><Shift>b", VIEW, N_("second view swipe next preset")},
	{"win.second-beside", N_("Second View Side by Side"), "<Alt>w", VIEW, N_("compare swipe")},
	{"win.second-close", N_("Close the Second View"), "<Control><Shift>w", VIEW, N_("compare end")},
	{"win.stretch-view", N_("Stretch by What Is in Sight"), "<Shift>v", VIEW, N_("contrast percentile local")},
	{"win.stretch-object", N_("Stretch by the Selected Object"), "<Shift>o", VIEW, N_("contrast percentile local")},
	{"win.stretch-image", N_("Stretch by the Whole Image"), "<Shift>i", VIEW, N_("contrast percentile automatic")},
	{"win.overviews", N_("Make Overviews"), "<Control><Alt>o", VIEW, N_("pyramid build cache zoom")},
	{"win.read-again", N_("Ask the Server Again for What Is Missing"), "<Control>F5", VIEW, N_("remote reload refresh retry url")},
	{"win.stop-reading", N_("Stop Reading from the Server"), "<Alt>F8", VIEW, N_("remote cancel url")},
	{"win.copy-position", N_("Copy the Pointer's Coordinates"), "<Control><Shift>c", VIEW, N_("map position clipboard")},

	{"win.focus-canvas", N_("Go to the Image"), "<Alt>0", VIEW, N_("keyboard focus canvas")},

	{"win.palette", N_("Command Palette"), "<Control>k", HELP, N_("search actions")},
	{"win.shortcuts", N_("Keyboard Shortcuts"), "question|<Control>question", HELP, N_("keys help")},
	{"app.reopen-model", N_("Load the Model Again"), "<Control><Alt>r", HELP, N_("retry device driver gpu weights")},
	{"app.preferences", N_("Preferences"), "<Control>comma", HELP, N_("settings device theme units")},
	{"app.about", N_("About Nadir"), "<Shift>F1", HELP, N_("version licence")},
};
/* clang-format on */

const nadir_action *nadir_actions(guint *n)
{
	*n = G_N_ELEMENTS(table);
	return table;
}

const nadir_action *nadir_action_find(const char *action)
{
	for (guint i = 0; i < G_N_ELEMENTS(table); i++)
		if (g_str_equal(table[i].action, action))
			return &table[i];
	return NULL;
}

bool nadir_action_is_of_review(const nadir_action *a)
{
	return g_str_has_prefix(a->action, "win.review-");
}

const char *nadir_action_title(const nadir_action *a)
{
	return _(a->title);
}

char *nadir_action_key_label(const nadir_action *a)
{
	const char *in_force = nadir_keymap_keys(a);
	if (!in_force)
		return NULL;
	g_auto(GStrv) keys = g_strsplit(in_force, "|", 2);
	guint key;
	GdkModifierType mods;
	if (!gtk_accelerator_parse(keys[0], &key, &mods))
		return NULL;
	return gtk_accelerator_get_label(key, mods);
}

char *nadir_action_hint(const nadir_action *a)
{
	g_autofree char *key = nadir_action_key_label(a);
	return key ? g_strdup_printf(" (%s)", key) : g_strdup("");
}

char *nadir_action_tooltip(const nadir_action *a)
{
	g_autofree char *hint = nadir_action_hint(a);
	return g_strconcat(nadir_action_title(a), hint, NULL);
}

/* The group that holds the action and its name there; NULL when the widget sits in no such window yet. */
static GActionGroup *find_group(GtkWidget *widget, const char *name, const char **local)
{
	GtkRoot *root = gtk_widget_get_root(widget);
	if (!GTK_IS_APPLICATION_WINDOW(root))
		return NULL;
	*local = strchr(name, '.') + 1;
	if (g_str_has_prefix(name, "win."))
		return G_ACTION_GROUP(root);
	return G_ACTION_GROUP(gtk_window_get_application(GTK_WINDOW(root)));
}

bool nadir_action_is_enabled(GtkWidget *widget, const nadir_action *a)
{
	g_autofree char *name = NULL;
	g_autoptr(GVariant) target = NULL;
	const char *local = NULL;
	if (!g_action_parse_detailed_name(a->action, &name, &target, NULL))
		return false;
	GActionGroup *group = find_group(widget, name, &local);
	return group && g_action_group_has_action(group, local) && g_action_group_get_action_enabled(group, local);
}

bool nadir_action_run(GtkWidget *widget, const nadir_action *a)
{
	g_autofree char *name = NULL;
	g_autoptr(GVariant) target = NULL;
	const char *local = NULL;
	if (!nadir_action_is_enabled(widget, a) || !g_action_parse_detailed_name(a->action, &name, &target, NULL))
		return false;
	GActionGroup *group = find_group(widget, name, &local);
	g_action_group_activate_action(group, local, target);
	return true;
}

/* Keys that also write text or move in it belong to the entry that has the focus. */
static bool is_plain(const char *key)
{
	return !strstr(key, "<Control>") && !strstr(key, "<Alt>") && key[0] != 'F';
}

bool nadir_actions_want_text(GtkWindow *window)
{
	GtkWidget *focus = gtk_window_get_focus(window);
	return focus &&
	       (GTK_IS_EDITABLE(focus) || GTK_IS_TEXT_VIEW(focus) || gtk_widget_get_ancestor(focus, GTK_TYPE_POPOVER));
}

static gboolean on_shortcut(GtkWidget *widget, GVariant *args, gpointer data)
{
	const nadir_action *a = data;
	const char *keys = nadir_keymap_keys(a);
	if (keys && is_plain(keys) && nadir_actions_want_text(GTK_WINDOW(widget)))
		return FALSE;
	return nadir_action_run(widget, a);
}

static void add_shortcuts(GtkShortcutController *controller)
{
	for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
		const char *keys = nadir_keymap_keys(&table[i]);
		/* Held, not struck, or of review mode, where letters mean something else: the window's own. */
		if (!keys || g_str_equal(table[i].action, "win.hide-masks") || nadir_action_is_of_review(&table[i]))
			continue;
		GtkShortcut *shortcut = gtk_shortcut_new(gtk_shortcut_trigger_parse_string(keys),
		                                         gtk_callback_action_new(on_shortcut, (gpointer)&table[i], NULL));
		gtk_shortcut_controller_add_shortcut(controller, shortcut);
	}
}

/* Other keys from now on. */
static void replace_shortcuts(GtkShortcutController *controller)
{
	g_autoptr(GtkShortcut) first = NULL;
	while ((first = g_list_model_get_item(G_LIST_MODEL(controller), 0))) {
		gtk_shortcut_controller_remove_shortcut(controller, first);
		g_clear_object(&first);
	}
	add_shortcuts(controller);
}

void nadir_actions_install(GtkWindow *window)
{
	GtkEventController *controller = gtk_shortcut_controller_new();
	gtk_event_controller_set_propagation_phase(controller, GTK_PHASE_BUBBLE);
	add_shortcuts(GTK_SHORTCUT_CONTROLLER(controller));
	gtk_widget_add_controller(GTK_WIDGET(window), controller);
	nadir_keymap_on_change(G_OBJECT(controller), G_CALLBACK(replace_shortcuts));
}
