//! In-app messages: what apps fetch and show. Which of them an endpoint may see, how often, and what is safe to show. Pure.
