//! Points, regions, and which point is in which region (query §9.3).

use s2::cap::Cap;
use s2::cell::Cell;
use s2::cellid::CellID;
use s2::latlng::LatLng;
use s2::point::Point;
use s2::rect::Rect;
use s2::region::Region as Cover;
use s2::s1::{Angle, Rad};

use super::EARTH_RADIUS;
use super::covering;
use super::outline::outline;
use super::polygon::Polygon;

/// What a GeoJSON value describes.
#[derive(Clone, Debug)]
pub enum Geometry {
    /// One place.
    Point(Location),
    /// A part of the sphere.
    Region(Region),
}

impl Geometry {
    /// Whether one of the two is a region and the other a point inside it.
    pub fn matches(&self, other: &Geometry) -> bool {
        match (self, other) {
            (Geometry::Region(region), Geometry::Point(point))
            | (Geometry::Point(point), Geometry::Region(region)) => region.contains(point),
            _ => false,
        }
    }
}

/// A place, to about a centimetre.
#[derive(Clone, Copy, Debug)]
pub struct Location {
    cell: CellID,
    /// The centre of the cell.
    point: Point,
}

impl Location {
    /// The place at a longitude and latitude in degrees; `None` beyond 180 and 90.
    pub fn new(lng: f64, lat: f64) -> Option<Location> {
        vertex(lng, lat).map(|point| Location::of_cell(CellID::from(point)))
    }

    /// The place that a cell id from a stored value or an index stands for.
    pub fn from_cell_id(id: u64) -> Option<Location> {
        let cell = CellID(id);
        (cell.is_valid() && cell.is_leaf()).then(|| Location::of_cell(cell))
    }

    fn of_cell(cell: CellID) -> Location {
        Location { cell, point: Point::from(cell) }
    }

    /// The id of the leaf cell.
    pub fn cell_id(&self) -> u64 {
        self.cell.0
    }
}

/// The unit vector of a longitude and latitude in degrees; `None` beyond 180 and 90.
pub fn vertex(lng: f64, lat: f64) -> Option<Point> {
    let valid = (-180.0..=180.0).contains(&lng) && (-90.0..=90.0).contains(&lat);
    valid.then(|| Point::from(LatLng::from_degrees(lat, lng)))
}

/// A part of the sphere.
#[derive(Clone, Debug)]
pub struct Region(Shape);

#[derive(Clone, Debug)]
enum Shape {
    Polygon(Polygon),
    /// Any number of polygons, which may overlap.
    Union(Vec<Polygon>),
    Circle(Cap),
}

impl Region {
    /// All points in a polygon.
    pub fn polygon(polygon: Polygon) -> Region {
        Region(Shape::Polygon(polygon))
    }

    /// All points that are in any of the polygons.
    pub fn union(polygons: Vec<Polygon>) -> Region {
        Region(Shape::Union(polygons))
    }

    /// All points at most `radius` metres away from a place; none if that is negative.
    pub fn circle(centre: Point, radius: f64) -> Region {
        Region(Shape::Circle(Cap::from_center_angle(&centre, &Angle::from(Rad(radius / EARTH_RADIUS)))))
    }

    /// Whether a place is inside.
    pub fn contains(&self, place: &Location) -> bool {
        match &self.0 {
            Shape::Polygon(polygon) => polygon.contains(&place.point),
            Shape::Union(polygons) => polygons.iter().any(|polygon| polygon.contains(&place.point)),
            Shape::Circle(cap) => cap.contains_point(&place.point),
        }
    }

    /// The ids of at most [`covering::MAX_CELLS`] cells, in order, that together hold the region; none of them of
    /// a greater level than `max_level`. `None` if so few do not suffice: the limit is about half of the Earth.
    pub fn covering(&self, max_level: u8) -> Option<Vec<u64>> {
        covering::cover(self, max_level)
    }
}

impl Cover for Region {
    fn cap_bound(&self) -> Cap {
        match &self.0 {
            Shape::Polygon(polygon) => polygon.bound().cap_bound(),
            Shape::Union(polygons) => {
                let bound =
                    polygons.iter().fold(Rect::empty(), |bound, polygon| bound.union(&polygon.bound()));
                bound.cap_bound()
            }
            Shape::Circle(cap) => cap.clone(),
        }
    }

    fn cell_union_bound(&self) -> Vec<CellID> {
        match &self.0 {
            Shape::Polygon(polygon) => outline(polygon),
            Shape::Union(_) | Shape::Circle(_) => self.cap_bound().cell_union_bound(),
        }
    }

    fn contains_cell(&self, cell: &Cell) -> bool {
        match &self.0 {
            Shape::Polygon(polygon) => polygon.contains_cell(cell),
            Shape::Union(polygons) => polygons.iter().any(|polygon| polygon.contains_cell(cell)),
            Shape::Circle(cap) => cap.contains_cell(cell),
        }
    }

    fn intersects_cell(&self, cell: &Cell) -> bool {
        match &self.0 {
            Shape::Polygon(polygon) => polygon.may_intersect(cell),
            Shape::Union(polygons) => polygons.iter().any(|polygon| polygon.may_intersect(cell)),
            Shape::Circle(cap) => cap.intersects_cell(cell),
        }
    }
}
