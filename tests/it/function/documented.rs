//! The documented example of a hook, which adds a credit score to every endpoint, in both languages.

use super::{Host, event};

#[tokio::test]
async fn credit_scores_are_added_by_either_language() {
    let host = Host::new(
        r#"
        [functions.node]
        code = "DATA"
        runtime = "nodejs"
        handler = "credit-score.handler"
        client = "pinwheel"

        [functions.python]
        code = "DATA"
        runtime = "python"
        handler = "credit_score.handler"
        client = "pinwheel"
        "#,
    );
    for name in ["node", "python"] {
        let answer = host.answer(name, event(&["a", "b"])).await;
        assert_eq!(answer.as_object().unwrap().len(), 2);
        for id in ["a", "b"] {
            let score = answer[id]["Attributes"]["CreditScore"][0].as_i64().unwrap();
            assert!((650..850).contains(&score), "{name}: {score}");
        }
    }
    host.functions.shut_down().await;
}
