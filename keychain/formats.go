package keychain

// Formats returns the formats of every kind of slot that the program knows by
// itself. A network declares its own (networks.Descriptor.Slots), and what it
// declares goes before what stands here (Options.Formats): the list is for the
// networks that are not written yet, and for a keychain used without any.
func Formats() []Format {
	return []Format{
		{Slot: "vk", Title: "VK token", Shapes: []Shape{
			oneString("service, community or user token"),
			{Kind: "VK ID", Required: []string{"client_id", "access_token", "refresh_token", "device_id"},
				Optional: []string{"expires_at", "service_token"}},
		}},
		{Slot: "raw_vk", Title: "VK login, to make a token from", Shapes: []Shape{
			mapping("login", "app_id", "app_secret", "login", "password"),
		}},
		{Slot: "tw", Title: "X (Twitter) keys", Shapes: []Shape{
			mapping("OAuth 1.0a", "consumer_key", "consumer_secret", "access_token", "access_secret"),
			mapping("bearer token", "bearer_token"),
		}},
		{Slot: "ig", Title: "Instagram token", Shapes: []Shape{
			oneString("Instagram Login"),
			{Kind: "business discovery", Required: []string{"access_token", "ig_user_id"}, Optional: []string{"app_secret"}},
		}},
		{Slot: "fb", Title: "Facebook token", Shapes: []Shape{
			oneString("access token"),
			mapping("token and app", "access_token", "app_id", "app_secret"),
		}},
		{Slot: "yt", Title: "YouTube API key", Shapes: []Shape{oneString("API key")}},
		{Slot: "ok", Title: "Odnoklassniki token", Shapes: []Shape{
			mapping("token and app", "app_key", "app_secret", "access_token"),
		}},
		{Slot: "raw_ok", Title: "Odnoklassniki login, to make a token from", Shapes: []Shape{
			mapping("login", "app_id", "app_key", "app_secret", "login", "password"),
			mapping("refresh token", "app_id", "app_key", "app_secret", "refresh_token"),
		}},
		{Slot: "tg", Title: "Telegram bot token", Shapes: []Shape{oneString("bot token")}},
		{Slot: "rd", Title: "Reddit app", Shapes: []Shape{mapping("app", "client_id", "client_secret")}},
		{Slot: "gh", Title: "GitHub token", Shapes: []Shape{oneString("access token")}},
		{Slot: "tc", Title: "Twitch app", Shapes: []Shape{mapping("app", "client_id", "client_secret")}},
		{Slot: "tt", Title: "TikTok token", Shapes: []Shape{
			mapping("app and refresh token", "client_key", "client_secret", "refresh_token"),
		}},
		{Slot: "th", Title: "Threads token", Shapes: []Shape{oneString("access token")}},
	}
}

func oneString(kind string) Shape { return Shape{Kind: kind, Bare: true} }

func mapping(kind string, required ...string) Shape { return Shape{Kind: kind, Required: required} }
