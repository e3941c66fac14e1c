//! Geospatial values and queries.

use crate::fixture::{Test, bins, fails, point};
use crate::harness::Suite;
use aerospike::query::Filter;
use aerospike::{CollectionIndexType, IndexType, QueryPolicy, Value, WritePolicy, as_bin, as_list, as_val};

/// Points on the equator, a degree apart, and two regions, in the indexed bin g.
async fn put_places(t: &Test) {
    t.index("g", IndexType::Geo2DSphere, CollectionIndexType::Default).await;
    let square = polygon(&[&ring(1.5, 1.5)]);
    let circle = r#"{"type":"AeroCircle","coordinates":[[4.0,0.0],150000.0]}"#;
    let points = (-5..=5).map(|n| (n, point(n as f64, 0.0)));
    for (n, json) in points.chain([(100, square), (200, circle.to_owned())]) {
        t.put(&t.key(n), &[as_bin!("n", n), as_bin!("g", Value::GeoJson(json))]).await;
    }
}

/// A rectangle around (0, 0), from -x to x and from -y to y.
fn ring(x: f64, y: f64) -> String {
    format!("[[-{x},-{y}],[{x},-{y}],[{x},{y}],[-{x},{y}],[-{x},-{y}]]")
}

fn polygon(rings: &[&str]) -> String {
    format!(r#"{{"type":"Polygon","coordinates":[{}]}}"#, rings.join(","))
}

async fn within(t: &Test, region: &str) -> Vec<i64> {
    t.find(Filter::geo_within_region("g", region)).await
}

pub fn add(suite: &mut Suite) {
    suite.test("geo-01", |t| async move {
        put_places(&t).await;
        assert_eq!(within(&t, &polygon(&[&ring(2.5, 1.0)])).await, [-2, -1, 0, 1, 2]);
    });
    suite.test("geo-02", |t| async move {
        put_places(&t).await;
        let circle = r#"{"type":"AeroCircle","coordinates":[[5.0,0.0],115000]}"#;
        assert_eq!(within(&t, circle).await, [4, 5]);
        assert_eq!(t.find(Filter::geo_within_radius("g", 0.0, 0.0, 112_000.0)).await, [-1, 0, 1]);
    });
    suite.test("geo-03", |t| async move {
        put_places(&t).await;
        assert_eq!(within(&t, &polygon(&[&ring(3.5, 1.0), &ring(1.5, 0.5)])).await, [-3, -2, 2, 3]);
    });
    suite.test("geo-04", |t| async move {
        put_places(&t).await;
        let at = |x: f64| {
            let (west, east) = (x - 0.5, x + 0.5);
            format!("[[[{west},-1],[{east},-1],[{east},1],[{west},1],[{west},-1]]]")
        };
        let region = format!(r#"{{"type":"MultiPolygon","coordinates":[{},{}]}}"#, at(-5.0), at(5.0));
        assert_eq!(within(&t, &region).await, [-5, 5]);
    });
    suite.test("geo-05", |t| async move {
        put_places(&t).await;
        for (longitude, regions) in [(0.0, &[100][..]), (4.5, &[200]), (2.2, &[])] {
            let found = t.find(Filter::geo_contains("g", &point(longitude, 0.0))).await;
            assert_eq!(found, regions, "{longitude}");
        }
    });
    suite.test("geo-06", |t| async move {
        put_places(&t).await;
        let values = [
            point(-122.1, 37.5),
            polygon(&[&ring(3.5, 1.0)]),
            r#"{"type":"AeroCircle","coordinates":[[4.0,0.0],150000.0]}"#.to_owned(),
        ];
        for json in values {
            let value = Value::GeoJson(json);
            t.put(&t.k(), &[as_bin!("v", value.clone()), as_bin!("l", as_list!(value.clone()))]).await;
            assert_eq!(t.get(&t.k()).await, bins([("v", value.clone()), ("l", as_list!(value))]));
        }
        for wrong in [point(500.0, 0.0), r#"{"type":"Poly"}"#.into(), "no JSON".into()] {
            let bin = as_bin!("v", Value::GeoJson(wrong.clone()));
            fails(160, t.client.put(&WritePolicy::default(), &t.key("wrong"), &[bin]).await);
            let statement = t.matching(Filter::geo_within_region("g", &wrong));
            fails(4, t.query(&QueryPolicy::default(), statement).await);
        }
        assert!(!t.exists(&t.key("wrong")).await);
    });
    suite.test("geo-07", |t| async move {
        t.index("l", IndexType::Geo2DSphere, CollectionIndexType::List).await;
        for n in 0..5_i64 {
            let at = |more: f64| Value::GeoJson(point(n as f64 * 10.0 + more, 0.0));
            let points = as_list!(at(0.0), at(5.0), "no point");
            t.put(&t.key(n), &[as_bin!("n", n), as_bin!("l", points)]).await;
        }
        let near = |longitude| {
            Filter::geo_within_radius("l", longitude, 0.0, 200_000.0)
                .collection_type(CollectionIndexType::List)
        };
        assert_eq!(t.find(near(20.0)).await, [2]);
        assert_eq!(t.find(near(35.0)).await, [3]);
        assert_eq!(t.find(near(7.5)).await, []);
    });
}
